//! As little of an HTTP client as will do: one request a connection, nothing retried.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use cloudfront_standin::Standin;

/// How long a test waits for an answer that should come.
const PATIENCE: Duration = Duration::from_secs(10);

/// An answer as it came, which may be less than its header promised.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        let known = self.headers.iter().find(|(known, _)| known == name);
        known.map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    /// The text of the first element of that name.
    pub fn element(&self, name: &str) -> &str {
        let text = self.text();
        let (_, rest) = text.split_once(&format!("<{name}>")).expect("the element");
        rest.split_once(&format!("</{name}>")).expect("its end").0
    }

    /// Whether the body is as long as the header promised.
    pub fn is_whole(&self) -> bool {
        self.header("content-length") == Some(&self.body.len().to_string())
    }
}

/// A request to be sent.
pub struct Request {
    address: SocketAddr,
    head: String,
    body: Vec<u8>,
}

pub fn request(standin: &Standin, method: &str, path: &str) -> Request {
    let address = standin.address();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    Request {
        address,
        head,
        body: Vec::new(),
    }
}

impl Request {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        for part in [name, ": ", value, "\r\n"] {
            self.head.push_str(part);
        }
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends the request and leaves the connection open.
    pub fn begin(self) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let length = self.body.len();
        write!(stream, "{}content-length: {length}\r\n\r\n", self.head)?;
        stream.write_all(&self.body)?;
        Ok(stream)
    }

    /// Sends the request and reads until the connection ends.
    pub fn attempt(self) -> io::Result<Reply> {
        read(self.begin()?)
    }

    pub fn send(self) -> Reply {
        self.attempt().expect("an answer")
    }
}

/// Reads an answer until the connection ends.
pub fn read(mut stream: TcpStream) -> io::Result<Reply> {
    let mut received = Vec::new();
    stream.read_to_end(&mut received)?;
    let end = received.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
    let head = String::from_utf8_lossy(&received[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    Ok(Reply {
        status: status
            .and_then(|status| status.parse().ok())
            .expect("a status"),
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body: received[end + 4..].to_vec(),
    })
}

/// The document of an invalidation batch.
pub fn batch(reference: &str, paths: &[&str]) -> String {
    let items = match paths {
        [] => String::new(),
        paths => format!("<Path>{}</Path>", paths.join("</Path><Path>")),
    };
    let quantity = paths.len();
    format!(
        "<InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Paths>\
         <Quantity>{quantity}</Quantity><Items>{items}</Items></Paths>\
         <CallerReference>{reference}</CallerReference></InvalidationBatch>"
    )
}

/// A request that creates an invalidation on the distribution `E1`.
pub fn create(standin: &Standin, reference: &str, paths: &[&str]) -> Request {
    request(standin, "POST", "/2020-05-31/distribution/E1/invalidation")
        .body(batch(reference, paths))
}
