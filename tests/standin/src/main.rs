//! The stand-in as a program, for tests that are not in Rust.

mod flags;

use std::io::Write;
use std::process::ExitCode;

use cloudfront_standin::Standin;

fn main() -> ExitCode {
    let flags = match flags::parse(std::env::args().skip(1)) {
        Ok(Some(flags)) => flags,
        Ok(None) => {
            print!("{}", flags::HELP);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("cloudfront-standin: {error}\n\nhint: --help lists the flags");
            return ExitCode::from(2);
        }
    };
    let standin = match Standin::try_start(&flags.config) {
        Ok(standin) => standin,
        Err(error) => {
            let address = flags.config.listen;
            eprintln!("cloudfront-standin: cannot listen on {address}: {error}");
            return ExitCode::FAILURE;
        }
    };
    #[cfg(feature = "tls")]
    if let (Some(path), Some(authority)) = (&flags.authority, standin.authority())
        && let Err(error) = std::fs::write(path, authority)
    {
        eprintln!("cloudfront-standin: cannot write {path}: {error}");
        return ExitCode::FAILURE;
    }
    println!("listening on {}", standin.endpoint());
    // Whoever started it may be waiting for that line at a pipe.
    if std::io::stdout().flush().is_err() {
        return ExitCode::FAILURE;
    }
    loop {
        std::thread::park();
    }
}
