//! HTTPS, through rustls as a client.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use cloudfront_standin::{Config, Standin};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// One request under a name that the certificate should be for.
fn ask(standin: &Standin, authority: &str, name: &str) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_slice(authority.as_bytes()).expect("a PEM");
    roots.add(certificate).expect("an authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocols")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = name.to_owned().try_into().expect("a name");
    let client = ClientConnection::new(Arc::new(config), name).expect("a client");
    let stream = TcpStream::connect(standin.address())?;
    let mut stream = StreamOwned::new(client, stream);
    write!(
        stream,
        "GET /2020-05-31/distribution HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn standin() -> Standin {
    let config = Config::new().distribution("E1");
    Standin::start(Config {
        tls: true,
        ..config
    })
}

#[test]
fn the_authority_vouches_for_the_server() {
    let standin = standin();
    assert!(standin.endpoint().starts_with("https://127.0.0.1:"));
    let authority = standin.authority().expect("an authority");
    for name in ["127.0.0.1", "localhost", "cloudfront.amazonaws.com"] {
        let answer = ask(&standin, &authority, name).expect("an answer");
        assert!(answer.contains("<Id>E1</Id>"), "{answer}");
    }
    ask(&standin, &authority, "example.com").expect_err("the certificate is not for that name");
}

#[test]
fn another_authority_does_not() {
    let (one, other) = (standin(), standin());
    let authority = other.authority().expect("an authority");
    ask(&one, &authority, "127.0.0.1").expect_err("another authority");
    assert!(one.requests().is_empty());
}
