//! The program `yardstick`: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    yardstick::cli::main()
}
