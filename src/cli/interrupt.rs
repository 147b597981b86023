//! Ctrl-C and a scheduler's SIGTERM: the first asks the run to stop after what is in flight, the second ends the program
//! at once. A terminal that goes away (SIGHUP) is left to the system, so that `nohup` means what it says.

use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

use super::exit::Exit;

static SIGNALS: LazyLock<Signals> = LazyLock::new(Signals::default);

#[derive(Default)]
struct Signals {
    /// The exit code of the signal that came; 0 before one has.
    came: Arc<AtomicUsize>,
    /// Whether the next one ends the program at once.
    at_once: Arc<AtomicBool>,
}

/// Begins to listen.
pub(super) fn listen() {
    let Signals { came, at_once } = &*SIGNALS;
    for (signal, exit) in [(SIGINT, Exit::Interrupted), (SIGTERM, Exit::Terminated)] {
        let code = exit.code();
        // Handlers run in this order. Without them the system's own behaviour stays: the run ends at once and can be
        // taken up all the same.
        let _ = flag::register_conditional_shutdown(signal, code.into(), Arc::clone(at_once))
            .and_then(|_| flag::register(signal, Arc::clone(at_once)))
            .and_then(|_| flag::register_usize(signal, Arc::clone(came), code.into()));
    }
}

/// How the program was asked to end, where it was.
pub(super) fn asked() -> Option<Exit> {
    let code = SIGNALS.came.load(Ordering::SeqCst);
    [Exit::Interrupted, Exit::Terminated].into_iter().find(|exit| usize::from(exit.code()) == code)
}

/// Does work that loses nothing when it is cut off: already the first signal ends the program.
pub(super) fn at_once<T>(work: impl FnOnce() -> T) -> T {
    SIGNALS.at_once.store(true, Ordering::SeqCst);
    let done = work();
    SIGNALS.at_once.store(asked().is_some(), Ordering::SeqCst);
    done
}
