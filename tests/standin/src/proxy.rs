//! A forward proxy that counts what passes.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// The longest header that the proxy reads.
const LONGEST_HEAD: u64 = 64 << 10;

/// A request to the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// `CONNECT`, or the method of a request in absolute form.
    pub method: String,
    /// `host:port` for `CONNECT`, else the absolute URL.
    pub target: String,
    /// The `Proxy-Authorization` header.
    pub authorization: Option<String>,
}

/// A forward proxy on a free port of 127.0.0.1, for `CONNECT` and for requests in absolute form.
/// Clones are the same one; it stops when the last is dropped.
#[derive(Debug, Clone)]
pub struct Proxy(Arc<Running>);

#[derive(Debug)]
struct Running {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    passed: Mutex<Vec<Passed>>,
    stopped: AtomicBool,
    /// Where every connection goes, whatever the client names.
    towards: Option<SocketAddr>,
}

impl Proxy {
    /// Starts a proxy that connects to what its clients name.
    ///
    /// # Panics
    /// If it cannot listen.
    pub fn start() -> Self {
        Self::run(Shared::default())
    }

    /// Starts a proxy that connects to one address whatever its clients name, so that a client
    /// can be led from the service's own name to the stand-in.
    ///
    /// # Panics
    /// If it cannot listen.
    pub fn start_towards(address: SocketAddr) -> Self {
        Self::run(Shared {
            towards: Some(address),
            ..Shared::default()
        })
    }

    fn run(shared: Shared) -> Self {
        let shared = Arc::new(shared);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let thread = {
            let shared = shared.clone();
            std::thread::spawn(move || accept(&listener, &shared))
        };
        Self(Arc::new(Running {
            address,
            shared,
            thread: Some(thread),
        }))
    }

    /// The proxy's URL, for `HTTPS_PROXY` and `HTTP_PROXY`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.0.address)
    }

    /// What has come to the proxy so far.
    pub fn passed(&self) -> Vec<Passed> {
        let passed = self.0.shared.passed.lock();
        passed.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(client) = client else { continue };
        let shared = shared.clone();
        // A connection that fails is seen by its client.
        std::thread::spawn(move || pass(&client, &shared));
    }
}

/// Passes one connection through.
fn pass(client: &TcpStream, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(client);
    let head = Head::read(&mut reader)?;
    let request = Passed {
        method: head.method.clone(),
        target: head.target.clone(),
        authorization: head.header("proxy-authorization").map(str::to_owned),
    };
    let passed = shared.passed.lock();
    passed.unwrap_or_else(PoisonError::into_inner).push(request);
    let tunnel = head.method == "CONNECT";
    let host = if tunnel {
        Some(&head.target[..])
    } else {
        head.host()
    };
    let server = match (shared.towards, host) {
        (Some(address), _) => TcpStream::connect(address),
        (None, Some(host)) => TcpStream::connect(host),
        (None, None) => Err(io::Error::from(io::ErrorKind::InvalidInput)),
    };
    let Ok(mut server) = server else {
        return (&*client).write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
    };
    if tunnel {
        (&*client).write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    } else {
        server.write_all(head.forwarded().as_bytes())?;
    }
    server.write_all(reader.buffer())?;
    both_ways(client, &server)
}

/// Copies until both sides have ended.
fn both_ways(client: &TcpStream, server: &TcpStream) -> io::Result<()> {
    std::thread::scope(|scope| {
        let upwards = scope.spawn(|| copy(client, server));
        let downwards = copy(server, client);
        let upwards = upwards.join();
        downwards.and(upwards.unwrap_or(Ok(())))
    })
}

fn copy(mut from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
    let copied = io::copy(&mut from, &mut to);
    // The other side is told that nothing more comes.
    let _ = to.shutdown(Shutdown::Write);
    copied.map(drop)
}

/// The header of a request.
struct Head {
    method: String,
    target: String,
    lines: Vec<String>,
}

impl Head {
    fn read(reader: &mut impl BufRead) -> io::Result<Self> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidData);
        let mut lines = Vec::new();
        let mut limited = reader.take(LONGEST_HEAD);
        loop {
            let mut line = String::new();
            if limited.read_line(&mut line)? == 0 {
                return Err(invalid());
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            lines.push(line.to_owned());
        }
        let mut first = lines.first().ok_or_else(invalid)?.split(' ');
        let (Some(method), Some(target)) = (first.next(), first.next()) else {
            return Err(invalid());
        };
        Ok(Self {
            method: method.to_owned(),
            target: target.to_owned(),
            lines: lines[1..].to_vec(),
        })
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The `host:port` of an absolute URL.
    fn host(&self) -> Option<&str> {
        let rest = self.target.strip_prefix("http://")?;
        rest.split('/').next().filter(|host| host.contains(':'))
    }

    /// The request as the server gets it: in origin form, and the last of its connection, so that
    /// the next one comes to the proxy anew and is counted.
    fn forwarded(&self) -> String {
        let rest = self.target.strip_prefix("http://").unwrap_or(&self.target);
        let path = rest.find('/').map_or("/", |at| &rest[at..]);
        let mut head = format!("{} {path} HTTP/1.1\r\n", self.method);
        for line in &self.lines {
            let name = line.split(':').next().unwrap_or_default();
            let hop = ["connection", "proxy-connection", "proxy-authorization"];
            if !hop.iter().any(|hop| hop.eq_ignore_ascii_case(name)) {
                head += line;
                head += "\r\n";
            }
        }
        head + "connection: close\r\n\r\n"
    }
}
