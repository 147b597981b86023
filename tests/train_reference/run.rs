//! A whole training: one pass over the rows.

use yardstick::value::Seed;

use super::{
    network::{Network, Row},
    optimizer::Optimizer,
    shape::{Layout, Shape},
};

/// Trains on the rows in their order, once, or on as many as `steps` need, and returns the layout and the parameters.
/// `progress` hears the number of steps done, of steps in all, and the loss of the last.
pub fn train(
    shape: Shape,
    rows: &[Row],
    seed: Seed,
    steps: usize,
    mut progress: impl FnMut(usize, usize, f32),
) -> (Layout, Vec<f32>) {
    let mut network = Network::new(Layout::new(shape));
    let mut values = network.layout().first_values(seed);
    let mut gradient = vec![0.0; values.len()];
    let planned = rows.len() / shape.rows;
    let mut optimizer = Optimizer::new(network.layout(), planned);
    for (step, rows) in rows.chunks_exact(shape.rows).take(steps).enumerate() {
        let loss = network.step(&values, rows, &mut gradient);
        optimizer.step(&mut values, &gradient);
        progress(step + 1, planned.min(steps), loss);
    }
    (network.into_layout(), values)
}
