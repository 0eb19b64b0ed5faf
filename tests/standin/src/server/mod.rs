//! The listener, its connections, and the thread they live on.

mod body;
mod connection;
mod exchange;
#[cfg(feature = "tls")]
pub(crate) mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::config::Config;
use crate::faults::{Faults, Gate};
use crate::requests::RequestLog;
use crate::world::{World, scramble};
use connection::{Connection, ResetSwitch};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1_024;

/// What the handle and the server share.
#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
    faults: Mutex<Faults>,
    log: Mutex<RequestLog>,
    /// Gates that were made over HTTP, by number.
    gates: Mutex<Vec<Gate>>,
    require_authorization: bool,
    answered: AtomicU64,
    #[cfg(feature = "tls")]
    tls: Option<tls::Tls>,
}

impl Shared {
    #[cfg_attr(
        not(feature = "tls"),
        expect(
            clippy::unnecessary_wraps,
            reason = "only making certificates can fail"
        )
    )]
    pub(crate) fn new(config: &Config) -> io::Result<Self> {
        Ok(Self {
            world: Mutex::new(World::new(config)),
            faults: Mutex::default(),
            log: Mutex::default(),
            gates: Mutex::default(),
            require_authorization: config.require_authorization,
            answered: AtomicU64::new(0),
            #[cfg(feature = "tls")]
            tls: config.tls.then(tls::Tls::new).transpose()?,
        })
    }

    /// The certificate authority of the HTTPS server, if there is one.
    #[cfg(feature = "tls")]
    pub(crate) fn tls(&self) -> Option<&tls::Tls> {
        self.tls.as_ref()
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, RequestLog> {
        lock(&self.log)
    }

    pub(crate) fn gates(&self) -> MutexGuard<'_, Vec<Gate>> {
        lock(&self.gates)
    }

    /// An id that looks like a UUID.
    fn request_id(&self) -> String {
        let number = self.answered.fetch_add(1, Ordering::Relaxed) + 1;
        let (one, two) = (scramble(number), scramble(!number));
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            one >> 32,
            (one >> 16) & 0xffff,
            one & 0xfff,
            two >> 52,
            two & 0xffff_ffff_ffff
        )
    }
}

/// A test that failed while it held the lock has told what it had to tell; the rest may go on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the handle tells the server.
enum Command {
    Pause(mpsc::Sender<io::Result<()>>),
    Resume(mpsc::Sender<io::Result<()>>),
    Stop,
}

/// The running server. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    commands: UnboundedSender<Command>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens, and serves on a thread of its own.
    pub(crate) fn start(listen: SocketAddr, shared: Arc<Shared>) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let listener = {
            let _context = runtime.enter();
            reserve(listen)?.listen(BACKLOG)?
        };
        let address = listener.local_addr()?;
        let (commands, received) = unbounded_channel();
        let thread = std::thread::Builder::new()
            .name("standin".to_owned())
            .spawn(move || runtime.block_on(serve(shared, listener, address, received)))?;
        Ok(Self {
            address,
            commands,
            thread: Some(thread),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Refuses connections from now on, and drops those there are.
    pub(crate) fn pause(&self) -> io::Result<()> {
        self.ask(Command::Pause)
    }

    /// Takes connections again, on the same port.
    pub(crate) fn resume(&self) -> io::Result<()> {
        self.ask(Command::Resume)
    }

    fn ask(&self, command: impl Fn(mpsc::Sender<io::Result<()>>) -> Command) -> io::Result<()> {
        let (done, wait) = mpsc::channel();
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        self.commands.send(command(done)).map_err(|_| gone())?;
        wait.recv().map_err(|_| gone())?
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.commands.send(Command::Stop);
        if let Some(thread) = self.thread.take() {
            // It ends by itself or by a panic that has been printed.
            let _ = thread.join();
        }
    }
}

/// Takes an address without listening on it: connections are refused, and nobody else gets it.
fn reserve(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    socket.set_reuseaddr(true)?;
    // So that the address can be reserved again before the listener is gone, in which moment
    // another stand-in could be given the port.
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// The listener, or the address held for it.
enum Listening {
    Yes(TcpListener),
    Paused(TcpSocket),
    No,
}

impl Listening {
    /// The next connection; never, unless it listens.
    async fn accept(&self) -> io::Result<TcpStream> {
        match self {
            Self::Yes(listener) => Ok(listener.accept().await?.0),
            Self::Paused(_) | Self::No => std::future::pending().await,
        }
    }

    fn pause(&mut self, address: SocketAddr) -> io::Result<()> {
        if let Self::Yes(_) = self {
            *self = Self::Paused(reserve(address)?);
        }
        Ok(())
    }

    fn resume(&mut self) -> io::Result<()> {
        *self = match std::mem::replace(self, Self::No) {
            Self::Paused(socket) => Self::Yes(socket.listen(BACKLOG)?),
            other => other,
        };
        Ok(())
    }
}

async fn serve(
    shared: Arc<Shared>,
    listener: TcpListener,
    address: SocketAddr,
    mut commands: UnboundedReceiver<Command>,
) {
    let mut listening = Listening::Yes(listener);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listening.accept() => match accepted {
                Ok(stream) => {
                    connections.spawn(converse(shared.clone(), stream));
                }
                // Out of file descriptors, mostly: wait for some to be closed.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
            command = commands.recv() => match command {
                Some(Command::Pause(done)) => {
                    let result = listening.pause(address);
                    connections.shutdown().await;
                    let _ = done.send(result);
                }
                Some(Command::Resume(done)) => {
                    let _ = done.send(listening.resume());
                }
                Some(Command::Stop) | None => return,
            },
        }
    }
}

/// Serves one connection.
async fn converse(shared: Arc<Shared>, stream: TcpStream) {
    // Small answers must not wait for an acknowledgement of the ones before.
    let _ = stream.set_nodelay(true);
    let (connection, reset) = Connection::new(stream);
    #[cfg(feature = "tls")]
    if let Some(tls) = &shared.tls {
        // A client that does not trust the authority ends the handshake; that is its right.
        if let Ok(encrypted) = tls.accept(connection).await {
            answer_all(shared, reset, encrypted).await;
        }
        return;
    }
    answer_all(shared, reset, connection).await;
}

/// Answers the requests of a connection until it ends.
async fn answer_all(
    shared: Arc<Shared>,
    reset: ResetSwitch,
    connection: impl AsyncRead + AsyncWrite + Unpin,
) {
    let service = service_fn(|request| exchange::exchange(shared.clone(), reset.clone(), request));
    // An error is a client that went away, or a fault that was asked for.
    let _ = http1::Builder::new()
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(connection), service)
        .await;
}
