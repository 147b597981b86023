//! The trainer of the built-in model: its gradient is the slope of its loss, and its weights are the same everywhere.

#[path = "../train_reference/layers.rs"]
mod layers;
#[path = "../train_reference/math.rs"]
mod math;
#[path = "../train_reference/network.rs"]
mod network;
#[path = "../train_reference/optimizer.rs"]
mod optimizer;
#[path = "../train_reference/run.rs"]
mod run;
#[path = "../train_reference/shape.rs"]
mod shape;

use network::{Network, Row};
use shape::{Layout, Shape};
use yardstick::{
    random::Stream,
    value::{Digest, Seed},
};

/// Heads of the committed model's width, and nothing that divides evenly by the lanes of a sum.
const SMALL: Shape = Shape { layers: 2, width: 36, heads: 3, context: 20, vocabulary: 90, rows: 3 };

fn rows(shape: Shape, count: usize) -> Vec<Row> {
    let draw = &mut Stream::new(Seed(0), "test/rows", 0);
    let length = |at: usize| shape.context - at % 3;
    // Each token follows from the one before, but for now and then.
    let mut row = |at: usize| {
        let mut token = draw.below(shape.vocabulary);
        let mut next = || {
            token =
                if draw.below(4) == 0 { draw.below(shape.vocabulary) } else { token * 7 % shape.vocabulary };
            token as u16
        };
        (0..length(at)).map(|_| next()).collect()
    };
    (0..count).map(&mut row).collect()
}

#[test]
fn the_gradient_is_the_slope_of_the_loss_along_every_tensor() {
    let mut network = Network::new(Layout::new(SMALL));
    let rows = rows(SMALL, SMALL.rows);
    // Further on than at the start of a training, so that every part of the model matters.
    let mut values = network.layout().first_values(Seed(1));
    let draw = &mut Stream::new(Seed(2), "test/values", 0);
    values.iter_mut().for_each(|value| *value += 0.3 * (draw.uniform() as f32 - 0.5));
    let mut gradient = vec![0.0; values.len()];
    let mut unused = vec![0.0; values.len()];
    network.step(&values, &rows, &mut gradient);
    let tensors: Vec<_> =
        network.layout().tensors.iter().map(|tensor| (tensor.name.clone(), tensor.range())).collect();
    for (name, range) in tensors {
        let along: Vec<f32> = gradient[range.clone()].to_vec();
        let length = along.iter().map(|d| f64::from(*d).powi(2)).sum::<f64>().sqrt();
        assert!(length > 1e-4, "{name}: nothing is learnt");
        // Central differences: a step that changes the loss by far more than its rounding.
        let size = 2e-2 / length.max(1.0);
        let [above, below] = [size, -size].map(|size| {
            let mut moved = values.clone();
            for (value, d) in moved[range.clone()].iter_mut().zip(&along) {
                *value += (size * f64::from(*d) / length) as f32;
            }
            f64::from(network.step(&moved, &rows, &mut unused))
        });
        let slope = (above - below) / (2.0 * size);
        assert!((slope - length).abs() < 0.01 * length, "{name}: slope {slope}, gradient {length}");
    }
}

#[test]
fn a_training_gives_the_same_bits_for_any_number_of_threads_and_never_changes() {
    let shape = Shape { layers: 2, width: 32, heads: 2, context: 64, vocabulary: 300, rows: 4 };
    let rows = rows(shape, shape.rows * 40);
    let digests = [1, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut losses = Vec::new();
        let (_, values) =
            pool.install(|| run::train(shape, &rows, Seed(1), usize::MAX, |_, _, loss| losses.push(loss)));
        assert!(losses[0] > 5.5 && losses[39] < 5.35, "from {} to {}: it learns", losses[0], losses[39]);
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Digest::of(bytes).to_string()
    });
    assert_eq!(digests[0], digests[1]);
    // Whoever changes the trainer on purpose trains the committed model anew.
    assert_eq!(digests[0], "18a37a061534eda949b6c11efd0d863758e334f03ec6449f86459e52feaf8e03");
}
