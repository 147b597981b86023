//! Ctrl-C: the first asks the run to stop after what is in flight, the second ends the program at once.

use std::sync::atomic::{AtomicBool, Ordering};

use super::exit::Exit;

static ASKED: AtomicBool = AtomicBool::new(false);

/// Begins to listen. A second call changes nothing.
#[expect(clippy::exit, reason = "a second Ctrl-C means at once; the journal loses at most its last line")]
pub(super) fn listen() {
    // Without a handler the system's own behaviour stays: the run ends at once and can be resumed all the same.
    let _ = ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
    });
}

/// Whether the run was asked to stop.
pub(super) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
