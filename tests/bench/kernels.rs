//! What the kernels cost: `cargo bench --bench kernels [PART OF A NAME]`, on one thread, in seconds of its processor where
//! Linux tells them. Products and attention are compared with the most fused multiply-adds that the processor does, the
//! others with a plain loop, both measured in the same run.

use std::{hint::black_box, sync::Arc, time::Instant};

use yardstick::engine::local::kernel::{
    self, Activation, Attention, Block, Head, Heads, Isa, Norm, Packed, Span, Storage, Sum, View, Want,
};

/// Samples of each task, of which the fastest counts: other programs only make it slower.
const SAMPLES: usize = 7;
/// A sample repeats its task for so long, so that the clock's steps do not show.
const SECONDS: f64 = 0.03;

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn main() {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    pool.install(|| {
        let isa = Isa::best();
        let report = |name: &str, operations: f64, task: &mut dyn FnMut()| {
            if name.contains(&wanted) {
                let (seconds, peak) = (fastest(task), peak());
                let speed = operations / seconds / 1e9;
                println!(
                    "{name:<44} {:>10.3} ms {speed:>8.1} GFLOP/s {:>5.2} of the peak",
                    seconds * 1e3,
                    speed / peak
                );
            }
        };
        println!("{}: {:.1} GFLOP/s of fused multiply-adds", isa.name(), peak());
        products(isa, &report);
        attention(isa, &report);
        let report = |name: &str, values: f64, task: &mut dyn FnMut(), plain: &mut dyn FnMut()| {
            if name.contains(&wanted) {
                let (own, plain) = (fastest(task), fastest(plain));
                println!(
                    "{name:<44} {:>10.3} ms {:>8.2} values/ns {:>5.1} × a plain loop",
                    own * 1e3,
                    values / own / 1e9,
                    plain / own
                );
            }
        };
        rows(isa, &report);
    });
}

/// Names a task and its floating-point operations, and does it.
type Report<'a> = dyn Fn(&str, f64, &mut dyn FnMut()) + 'a;

fn products(isa: Isa, report: &Report<'_>) {
    let shapes = [(768, 2304), (768, 768), (768, 3072), (3072, 768), (768, 50257), (4096, 4096)];
    for storage in [Storage::F32, Storage::Bf16] {
        for (k, n) in shapes {
            let packed = Packed::build(storage, k, n, |columns, panel| {
                for (p, row) in panel.iter_mut().enumerate() {
                    for (j, value) in row.iter_mut().take(columns.len()).enumerate() {
                        *value = ((p * 31 + (columns.start + j) * 17) % 64) as f32 / 64.0;
                    }
                }
                Ok::<(), std::convert::Infallible>(())
            });
            let packed = packed.unwrap_or_else(|never| match never {});
            for m in [1, 4, 16, 64, 256, 512, 1024] {
                let a = numbers(m * k);
                let operations = 2.0 * (m * k * n) as f64;
                let name = format!("{storage:?} {m} × {k} × {n}");
                if n > 50_000 {
                    if m <= 256 {
                        let wants = vec![Want::Token(17); m];
                        report(&format!("head {name}"), operations, &mut || {
                            black_box(kernel::find(isa, View::dense(&a, m), &Head::plain(&packed), &wants));
                        });
                    }
                } else {
                    let mut out = vec![0.0; m * n];
                    report(&format!("gemm {name}"), operations, &mut || {
                        kernel::gemm_on(isa, View::dense(&a, m), &packed, &mut out, Sum::Store);
                    });
                }
            }
        }
    }
}

fn attention(isa: Isa, report: &Report<'_>) {
    let cases = [
        ("1024 rows, 12 heads of 64", 12, 12, 64, 1, 1024, 1024),
        ("256 rows, 12 heads of 64", 12, 12, 64, 1, 256, 256),
        ("16 × 64 rows, 12 heads of 64", 12, 12, 64, 16, 64, 64),
        ("1024 rows, 32 heads of 128 over 8", 32, 8, 128, 1, 1024, 1024),
        ("16 × 1 row after 1000, 12 heads of 64", 12, 12, 64, 16, 1, 1000),
        ("16 × 1 row after 1000, 32 of 128 over 8", 32, 8, 128, 16, 1, 1000),
    ];
    for (name, queries, keys, dim, sequences, rows, positions) in cases {
        let heads = Heads { queries, keys, dim, values: dim };
        let attention =
            Attention { heads, scale: 0.125, softcap: None, window: None, alibi: None, sinks: None };
        let width = (queries + 2 * keys) * dim;
        let data = numbers(sequences * rows * width);
        let blocks: Vec<Vec<Arc<Block>>> = (0..sequences)
            .map(|_| {
                let mut blocks = vec![Block::new(heads); Block::count(positions)];
                let values = numbers(keys * dim);
                for position in 0..positions {
                    blocks[position / Block::POSITIONS].put(position, &values, &values);
                }
                blocks.into_iter().map(Arc::new).collect()
            })
            .collect();
        let spans: Vec<Span<'_>> = blocks
            .iter()
            .enumerate()
            .map(|(i, blocks)| Span { rows: i * rows..(i + 1) * rows, start: positions - rows, blocks })
            .collect();
        let mut out = vec![0.0; sequences * rows * queries * dim];
        let seen = (0..rows).map(|row| positions - rows + row + 1).sum::<usize>();
        report(&format!("attention {name}"), 4.0 * (sequences * seen * queries * dim) as f64, &mut || {
            kernel::attend(isa, &attention, &data, width, &spans, &mut out);
        });
    }
}

/// Names a task and the values it is given, and does it in two ways.
type Compare<'a> = dyn Fn(&str, f64, &mut dyn FnMut(), &mut dyn FnMut()) + 'a;

fn rows(isa: Isa, compare: &Compare<'_>) {
    let (m, width) = (1024, 3072);
    let x: Vec<f32> = numbers(m * width).iter().map(|x| 4.0 * x).collect();
    let (mut own, mut plain) = (x.clone(), x.clone());
    let functions: [(Activation, fn(f32) -> f32); 3] = [
        (Activation::GeluTanh, |x| 0.5 * x * (1.0 + (0.797_884_56 * (x + 0.044_715 * x * x * x)).tanh())),
        (Activation::Gelu, |x| 0.5 * x * (1.0 + libm::erff(x * std::f32::consts::FRAC_1_SQRT_2))),
        (Activation::Silu, |x| x / (1.0 + (-x).exp())),
    ];
    for (activation, function) in functions {
        compare(
            &format!("{activation:?} {m} × {width}"),
            x.len() as f64,
            &mut || {
                own.copy_from_slice(&x);
                activation.apply(isa, &mut own);
            },
            &mut || plain.iter_mut().zip(&x).for_each(|(out, x)| *out = function(*x)),
        );
    }
    let width = 768;
    let x = numbers(m * width);
    let (weight, bias) = (numbers(width), numbers(width));
    let (mut own, mut plain) = (vec![0.0; m * width], vec![0.0; m * width]);
    compare(
        &format!("layer norm {m} × {width}"),
        x.len() as f64,
        &mut || Norm::Layer { eps: 1e-5 }.apply(isa, &x, &weight, Some(&bias), &mut own),
        &mut || {
            for (row, out) in x.chunks(width).zip(plain.chunks_mut(width)) {
                let mean = row.iter().sum::<f32>() / width as f32;
                let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / width as f32;
                for i in 0..width {
                    out[i] = (row[i] - mean) / (variance + 1e-5).sqrt() * weight[i] + bias[i];
                }
            }
        },
    );
    let logits: Vec<f32> = numbers(50_257).iter().map(|x| 9.0 * x).collect();
    compare(
        "softmax of 50257",
        logits.len() as f64,
        &mut || {
            black_box(kernel::softmax(isa, &logits));
        },
        &mut || {
            let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            black_box(logits.iter().map(|x| (x - largest).exp()).sum::<f32>().ln());
        },
    );
}

/// Seconds of the fastest sample, for one time.
fn fastest(task: &mut dyn FnMut()) -> f64 {
    task();
    let start = Instant::now();
    task();
    let times = (SECONDS / start.elapsed().as_secs_f64().max(1e-9)).ceil();
    let sample = |_| {
        let start = seconds();
        for _ in 0..times as usize {
            task();
        }
        (seconds() - start) / times
    };
    (0..SAMPLES).map(sample).fold(f64::MAX, f64::min)
}

/// Of this thread's processor, as far as the system says so; else of the wall clock.
fn seconds() -> f64 {
    // The counter is brought up to date when the thread could be taken off its processor.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|field| field.parse::<f64>().ok());
    nanoseconds.map_or_else(
        || std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs_f64(),
        |nanoseconds| nanoseconds * 1e-9,
    )
}

/// The fused multiply-adds of one thread, in GFLOP/s.
fn peak() -> f64 {
    const STEPS: usize = 100_000;
    let mut sums = [[0.5_f32; LANES]; CHAINS];
    let seconds = fastest(&mut || fused(STEPS, black_box(&mut sums)));
    black_box(sums);
    2.0 * (STEPS * CHAINS * LANES) as f64 / seconds / 1e9
}

const LANES: usize = 16;
/// Enough to hide how long one takes.
const CHAINS: usize = 12;

fn fused(steps: usize, sums: &mut [[f32; LANES]; CHAINS]) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f")]
        fn avx512(steps: usize, sums: &mut [[f32; LANES]; CHAINS]) {
            fused_body(steps, sums);
        }
        #[target_feature(enable = "avx2,fma")]
        fn avx2(steps: usize, sums: &mut [[f32; LANES]; CHAINS]) {
            fused_body(steps, sums);
        }
        match Isa::best().name() {
            #[expect(unsafe_code, reason = "the function has more instructions than the program")]
            // SAFETY: an `Isa` of this name is there only where the machine has its instructions.
            "avx512" => return unsafe { avx512(steps, sums) },
            #[expect(unsafe_code, reason = "the function has more instructions than the program")]
            // SAFETY: as above.
            "avx2" => return unsafe { avx2(steps, sums) },
            _ => {}
        }
    }
    fused_body(steps, sums);
}

#[expect(clippy::inline_always, reason = "it must become part of the function that has the instructions")]
#[inline(always)]
fn fused_body(steps: usize, sums: &mut [[f32; LANES]; CHAINS]) {
    let mut registers = *sums;
    for _ in 0..steps {
        // One chain after the other and not in a loop, which the compiler would turn into one along the chains.
        macro_rules! step {
            ($($chain:literal)*) => {
                $(for value in &mut registers[$chain] {
                    *value = value.mul_add(0.999, 1e-3);
                })*
            };
        }
        step!(0 1 2 3 4 5 6 7 8 9 10 11);
    }
    *sums = registers;
}

/// Numbers of both signs that look random.
fn numbers(len: usize) -> Vec<f32> {
    let mut seed = 1_u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 40) as f32 / 8_388_608.0 - 1.0
    };
    (0..len).map(|_| next()).collect()
}
