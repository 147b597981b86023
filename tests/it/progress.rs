//! Progress as it is seen: bars drawn into memory, plain lines into a buffer, on a clock that the test moves.

use std::{
    io::Write,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use indicatif::{InMemoryTerm, ProgressDrawTarget};
use yardstick::{
    cli::progress::{Bars, Clock, Event, Listener, Plain},
    report::{table::Look, text::Charset},
};

#[derive(Clone, Default)]
struct Time(Arc<AtomicU64>);

impl Time {
    fn clock(&self) -> Clock {
        let time = self.clone();
        Box::new(move || Duration::from_millis(time.0.load(Ordering::Relaxed)))
    }
    fn pass(&self, seconds: f64) {
        self.0.fetch_add(Duration::from_secs_f64(seconds).as_millis() as u64, Ordering::Relaxed);
    }
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A run of 1,060 items, up to a half.
fn half_a_run(listener: &mut dyn Listener, time: &Time) {
    listener.hear(&Event::Downloading { file: "model.safetensors", done: 0, total: Some(548_105_171) });
    time.pass(40.0);
    listener.hear(&Event::Downloading {
        file: "model.safetensors",
        done: 300_000_000,
        total: Some(548_105_171),
    });
    time.pass(40.0);
    listener.hear(&Event::Downloaded { file: "model.safetensors", bytes: 548_105_171 });
    listener.hear(&Event::Loading { name: "gpt2 @ 607a30d", bytes: 548_105_171 });
    time.pass(1.9);
    listener.hear(&Event::Loaded { name: "gpt2 @ 607a30d", bytes: 548_105_171 });
    listener.hear(&Event::Planned { tasks: 5, items: 1060, requests: 2310 });
    for done in 1..=1226 {
        time.pass(0.06);
        listener.hear(&Event::Answered { done, total: 2310, tokens: 18 * done as u64 });
    }
}

fn bars(width: u16, charset: Charset) -> String {
    let (term, time) = (InMemoryTerm::new(12, width), Time::default());
    let target = ProgressDrawTarget::term_like(Box::new(term.clone()));
    let look = Look { width: usize::from(width), charset, colour: false };
    let mut bars = Bars::new(target, look, time.clock());
    half_a_run(&mut bars, &time);
    bars.hear(&Event::TaskDone { name: "capitals", line: "accuracy 0.742 [0.657, 0.812]" });
    bars.hear(&Event::Warning("the prompt of \u{1b}[2Jfrance ends in a space"));
    let half = term.contents();
    bars.hear(&Event::Interrupted);
    bars.hear(&Event::Finished);
    format!("{half}\n----\n{}", term.contents())
}

#[test]
fn bars_at_80_columns() {
    insta::assert_snapshot!(bars(80, Charset::Unicode));
}

#[test]
fn bars_at_120_columns() {
    insta::assert_snapshot!(bars(120, Charset::Unicode));
}

#[test]
fn bars_in_ascii() {
    insta::assert_snapshot!(bars(80, Charset::Ascii));
}

#[test]
fn plain_lines_are_few_and_have_one_fact() {
    let (buffer, time) = (Buffer::default(), Time::default());
    let mut plain = Plain::new(buffer.clone(), Charset::Ascii, time.clock());
    half_a_run(&mut plain, &time);
    plain.hear(&Event::TaskDone { name: "capitals", line: "accuracy 0.742 [0.657, 0.812]" });
    plain.hear(&Event::Warning("the prompt of \u{1b}[2Jfrance ends in a space"));
    plain.hear(&Event::Interrupted);
    plain.hear(&Event::Finished);
    let lines = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
    insta::assert_snapshot!(lines);
}

/// Two million answers cost less than the eye can see: events are cheap unless something is drawn.
#[test]
fn events_between_draws_are_cheap() {
    let time = Time::default();
    let target = ProgressDrawTarget::term_like(Box::new(InMemoryTerm::new(5, 80)));
    let look = Look { width: 80, charset: Charset::Unicode, colour: false };
    let mut bars = Bars::new(target, look, time.clock());
    let started = std::time::Instant::now();
    for done in 0..2_000_000 {
        bars.hear(&Event::Answered { done, total: 2_000_001, tokens: 0 });
    }
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}
