//! What goes wrong on demand.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use cloudfront_standin::{Config, Fault, FaultKind, Gate, Moment, Operation, Standin};

use crate::client::{create, read, request};

const PATIENCE: Duration = Duration::from_secs(10);

fn standin(kind: FaultKind) -> Standin {
    let standin = Standin::start(Config::new().distribution("E1"));
    standin.inject(Fault::new(Operation::CreateInvalidation, kind));
    standin
}

fn made(standin: &Standin) -> usize {
    standin.invalidations("E1").len()
}

#[test]
fn errors_before_and_after() {
    for (kind, made_then) in [
        (FaultKind::error(503, "ServiceUnavailable", "later"), 0),
        (
            FaultKind::error_after(503, "ServiceUnavailable", "later"),
            1,
        ),
    ] {
        let standin = standin(kind);
        let reply = create(&standin, "r", &["/a"]).send();
        assert_eq!(
            (reply.status, reply.element("Code")),
            (503, "ServiceUnavailable")
        );
        assert_eq!(reply.element("Type"), "Receiver");
        assert_eq!(made(&standin), made_then);
        let logged = &standin.requests()[0];
        assert_eq!((logged.status, logged.faulty), (Some(503), true));
        assert_eq!(logged.processed, made_then == 1);
        assert_eq!(standin.pending_faults(), 0);
        assert_eq!(create(&standin, "r", &["/a"]).send().status, 201);
    }
}

#[test]
fn resets_before_and_after() {
    for (moment, made_then) in [(Moment::BeforeProcessing, 0), (Moment::AfterProcessing, 1)] {
        let standin = standin(FaultKind::Reset(moment));
        let error = create(&standin, "r", &["/a"])
            .attempt()
            .expect_err("no answer");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(made(&standin), made_then);
        assert_eq!(standin.requests()[0].status, None);
    }
}

#[test]
fn bodies_that_break_off() {
    for (kind, some) in [
        (FaultKind::CloseAfterHeader, false),
        (FaultKind::CutBody, true),
    ] {
        let standin = standin(kind);
        let reply = create(&standin, "r", &["/a"]).send();
        assert_eq!(reply.status, 201);
        assert!(!reply.is_whole());
        assert_eq!(!reply.body.is_empty(), some);
        assert_eq!(made(&standin), 1);
    }
}

#[test]
fn documents_that_are_wrong() {
    for (kind, missing) in [
        (FaultKind::TruncatedXml, "</Invalidation>"),
        (FaultKind::WrongXml, "<Invalidation"),
        (FaultKind::WithoutId, "<Id>"),
    ] {
        let standin = standin(kind);
        let reply = create(&standin, "r", &["/a"]).send();
        assert!(reply.is_whole());
        assert!(!reply.text().contains(missing), "{}", reply.text());
        assert_eq!((reply.status, made(&standin)), (201, 1));
    }
}

#[test]
fn any_other_answer() {
    let standin = standin(FaultKind::Answer {
        status: 200,
        content_type: "text/html".to_owned(),
        body: "<p>Sign in to the café's network".to_owned(),
    });
    let reply = create(&standin, "r", &["/a"]).send();
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (200, Some("text/html"))
    );
}

#[test]
fn slow_answers() {
    let late = Duration::from_millis(120);
    let trickle = FaultKind::SlowBody {
        chunk: 100,
        every: late / 3,
    };
    for kind in [FaultKind::SlowFirstByte(late), trickle] {
        let standin = standin(kind);
        let began = Instant::now();
        let reply = create(&standin, "r", &["/a"]).send();
        assert!(began.elapsed() >= late, "{:?}", began.elapsed());
        assert!(reply.is_whole());
    }
}

#[test]
fn a_call_can_hang() {
    let standin = standin(FaultKind::Hang(Moment::AfterProcessing));
    let stream = create(&standin, "r", &["/a"])
        .begin()
        .expect("a connection");
    let short = Some(Duration::from_millis(100));
    stream.set_read_timeout(short).expect("a timeout");
    let error = read(stream).expect_err("no answer");
    assert!(matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut
    ));
    assert_eq!(made(&standin), 1);
}

#[test]
fn a_gate_holds_a_call_until_it_is_opened() {
    for (moment, made_then) in [(Moment::BeforeProcessing, 0), (Moment::AfterProcessing, 1)] {
        let gate = Gate::new();
        let standin = standin(FaultKind::Gate {
            gate: gate.clone(),
            moment,
        });
        assert!(!gate.wait_reached(Duration::ZERO));
        let stream = create(&standin, "r", &["/a"])
            .begin()
            .expect("a connection");
        assert!(gate.wait_reached(PATIENCE));
        assert_eq!(made(&standin), made_then);
        gate.release();
        assert_eq!(read(stream).expect("an answer").status, 201);
        assert_eq!(made(&standin), 1);
    }
}

#[test]
fn what_becomes_of_a_call_whose_client_died_is_for_the_test_to_say() {
    let gate = Gate::new();
    let standin = standin(FaultKind::gate_before(&gate));
    drop(
        create(&standin, "released", &["/a"])
            .begin()
            .expect("a connection"),
    );
    assert!(gate.wait_reached(PATIENCE));
    // Long enough for the server to see that the client is gone.
    std::thread::sleep(Duration::from_millis(50));
    gate.release();
    let deadline = Instant::now() + PATIENCE;
    while made(&standin) == 0 {
        assert!(Instant::now() < deadline, "a released call has its effect");
        std::thread::sleep(Duration::from_millis(1));
    }

    let gate = Gate::new();
    standin.inject(Fault::new(
        Operation::CreateInvalidation,
        FaultKind::gate_before(&gate),
    ));
    let stream = create(&standin, "discarded", &["/a"])
        .begin()
        .expect("a connection");
    assert!(gate.wait_reached(PATIENCE));
    gate.discard();
    read(stream).expect_err("no answer");
    assert_eq!(made(&standin), 1);
}

#[test]
fn connections_are_refused_while_paused() {
    let standin = Standin::start(Config::new().distribution("E1"));
    let open = create(&standin, "1", &["/a"]);
    standin.pause_listening();
    let error = open.attempt().expect_err("no connection");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    standin.pause_listening();
    standin.resume_listening();
    standin.resume_listening();
    assert_eq!(create(&standin, "1", &["/a"]).send().status, 201);
}

#[test]
fn dropping_the_last_handle_stops_it() {
    let standin = Standin::start(Config::new());
    let other = standin.clone();
    let url = request(&other, "GET", "/");
    drop(standin);
    assert_eq!(url.send().status, 404);
    let url = request(&other, "GET", "/");
    drop(other);
    let error = url.attempt().expect_err("nobody there");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn viewers_and_objects_have_faults_too() {
    let standin = Standin::start(Config::new().distribution("E1").bucket("records"));
    standin.put_object("records", "a", "0123456789", "text/plain");
    for operation in [Operation::GetObject, Operation::HeadObject, Operation::View] {
        standin.inject(Fault::new(
            operation,
            FaultKind::error(500, "InternalError", "oops"),
        ));
    }
    standin.inject(Fault::new(Operation::GetObject, FaultKind::CutBody));
    assert_eq!(request(&standin, "HEAD", "/records/a").send().status, 500);
    assert_eq!(request(&standin, "GET", "/edge/E1/").send().status, 500);
    let reply = request(&standin, "GET", "/records/a").send();
    assert!(reply.text().contains("<Code>InternalError</Code>"));
    assert_eq!(
        request(&standin, "GET", "/records/a").send().text(),
        "01234"
    );
    assert_eq!(
        request(&standin, "GET", "/records/a").send().text(),
        "0123456789"
    );
}
