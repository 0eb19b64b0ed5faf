//! The forward proxy.

use std::io::{Read, Write};
use std::net::TcpStream;

use cloudfront_standin::{Config, Proxy, Standin};

/// Sends a request to the proxy and reads until the connection ends.
fn through(proxy: &Proxy, request: &str) -> String {
    let address = proxy.endpoint().replace("http://", "");
    let mut stream = TcpStream::connect(address).expect("a proxy");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn requests_in_absolute_form_are_forwarded() {
    let standin = Standin::start(Config::new().distribution("E1"));
    let proxy = Proxy::start();
    let url = format!("{}/2020-05-31/distribution", standin.endpoint());
    let request = format!("GET {url} HTTP/1.1\r\nhost: x\r\nproxy-authorization: Basic x\r\n\r\n");
    let answer = through(&proxy, &request);
    assert!(answer.contains("<Id>E1</Id>"), "{answer}");
    let passed = &proxy.passed()[0];
    assert_eq!((&passed.method[..], &passed.target), ("GET", &url));
    assert_eq!(passed.authorization.as_deref(), Some("Basic x"));
    let logged = &standin.requests()[0];
    assert_eq!(logged.uri, "/2020-05-31/distribution");
    assert_eq!(logged.header("proxy-authorization"), None);
}

#[test]
fn tunnels_are_dug_to_what_is_named_or_elsewhere() {
    let standin = Standin::start(Config::new().distribution("E1"));
    let named = Proxy::start();
    let led = Proxy::start_towards(standin.address());
    let address = standin.address().to_string();
    for (proxy, target) in [(named, &address[..]), (led, "cloudfront.amazonaws.com:443")] {
        let request = format!(
            "CONNECT {target} HTTP/1.1\r\n\r\n\
             GET /2020-05-31/distribution HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        );
        let answer = through(&proxy, &request);
        assert!(answer.starts_with("HTTP/1.1 200 Connection established\r\n"));
        assert!(answer.contains("<Id>E1</Id>"), "{answer}");
        assert_eq!(proxy.passed()[0].target, target);
    }
}

#[test]
fn what_cannot_be_reached_is_a_bad_gateway() {
    let proxy = Proxy::start();
    let answer = through(&proxy, "GET http://nowhere/ HTTP/1.1\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
}
