//! The journal of a run: recovered, opened, written on, and recovered once more.

use yardstick::{
    plan::{Failure, FailureKind},
    record::journal::{ANSWERS, Journal, read},
    value::Digest,
};

/// The bytes are `answers.jsonl`.
pub fn run(data: &[u8]) {
    let folder = super::folder();
    super::write(&folder, ANSWERS, data);
    let seen = read(&folder).expect("a file that is there is read").outcomes;
    let (mut journal, recovered) = Journal::open(&folder).expect("nobody else has it open");
    assert_eq!(recovered.outcomes, seen, "reading and taking up agree");
    let request = Digest::of("one more");
    let outcome = Err(Failure::new(FailureKind::Text, "none"));
    journal.append(request, &outcome).expect("a temporary folder takes files");
    drop(journal);
    let mut wanted = seen;
    wanted.insert(request, outcome);
    let again = read(&folder).expect("a file that is there is read");
    assert_eq!(again.outcomes, wanted, "what is appended is found, and nothing else is lost");
    assert_eq!(again.damaged, recovered.damaged);
}
