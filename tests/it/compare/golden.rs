//! Whole comparisons against numbers of numpy 2.4.6, scipy 1.17.1, statsmodels 0.15.0 and scikit-learn 1.9.1; the call
//! stands beside each.

use yardstick::{
    compare::{Contrast, EffectKind, Margins, Options},
    metric::{ClassScore, Formula, Metric},
    record::{Better, Cell, TaskRecord, Unit},
    stats::{Hypothesis, Method},
};

use super::fixture::{close, ends, found, key, measured, pair, scores, shares, task};

const A: &str = "1111100000110010110100111000101100101101";
const B: &str = "0111011010110111110110111011101110101111";

const X: [f64; 12] = [0.31, 0.52, 0.18, 0.77, 0.64, 0.25, 0.91, 0.43, 0.36, 0.58, 0.12, 0.83];
const Y: [f64; 12] = [0.42, 0.49, 0.33, 0.81, 0.75, 0.21, 0.97, 0.61, 0.38, 0.66, 0.29, 0.80];

fn margin(margin: f64) -> Options {
    let by_metric = std::iter::once(("score".to_owned(), margin)).collect();
    Options { margins: Margins { general: None, by_metric }, ..Options::default() }
}

#[test]
fn shares_go_by_newcombe_and_mcnemar() {
    let pair = pair(shares("b/t", A), shares("b/t", B), &Options::default());
    let found = found(&pair);
    let counts = found.counts.unwrap();
    assert_eq!((counts.both, counts.only_first, counts.only_second, counts.neither), (19, 2, 10, 9));
    assert_eq!((pair.matched.paired, found.contrast), (40, Contrast::Difference));
    // statsmodels.stats.proportion.proportion_confint(k, 40, method="wilson"), put together by Newcombe's formula 10.
    ends(&found.difference, 0.2, 0.031_694_990_991_550_71, 0.351_441_104_182_705_4);
    assert_eq!(found.difference.interval.unwrap().method, Method::NewcombePaired);
    let test = found.test.unwrap();
    // 2 * scipy.stats.binom.cdf(k, n, .5) - scipy.stats.binom.pmf(k, n, .5)
    close(test.p, 0.022_460_937_5);
    // statsmodels.stats.contingency_tables.mcnemar(table, exact=True)
    assert_eq!(found.beside[0].hypothesis, Hypothesis::McnemarExact);
    close(found.beside[0].p, 0.038_574_218_75);
    assert_eq!(test.adjusted.map(|adjusted| adjusted.family_size), Some(1));
    let effect = |kind| found.effects.iter().find(|effect| effect.kind == kind).unwrap().value;
    close(effect(EffectKind::DiscordantOddsRatio), 5.0);
    close(effect(EffectKind::CohenG), 1.0 / 3.0);
    let ids = |keys: &[std::sync::Arc<yardstick::record::ItemKey>]| {
        keys.iter().map(|key| key.item.clone()).collect::<Vec<_>>()
    };
    let differing = |own: u8, other: u8| -> Vec<String> {
        let both = A.bytes().zip(B.bytes()).enumerate();
        both.filter(|(_, both)| *both == (own, other)).map(|(item, _)| key(item).item).collect()
    };
    assert_eq!(ids(&found.flips.only_first), differing(b'1', b'0'));
    assert_eq!(ids(&found.flips.only_second), differing(b'0', b'1'));
}

#[test]
fn scores_go_by_t_with_turned_signs_beside() {
    let found_pair = pair(scores("b/t", &X), scores("b/t", &Y), &margin(0.2));
    let own = found(&found_pair);
    // scipy.stats.ttest_rel(y, x), and its confidence_interval(.95)
    ends(&own.difference, 0.068_333_333_333_333_34, 0.018_610_865_191_187_292, 0.118_055_801_475_479_4);
    let test = own.test.unwrap();
    assert_eq!((test.hypothesis, test.df), (Hypothesis::PairedT, Some(11.0)));
    close(test.statistic.unwrap(), 3.024_802_634_018_453);
    close(test.p, 0.011_556_123_113_707_916);
    // scipy.stats.permutation_test((y - x,), mean, permutation_type="samples", n_resamples=inf)
    assert_eq!(own.beside[0].hypothesis, Hypothesis::SignFlip);
    close(own.beside[0].p, 0.015_625);
    // (y - x).mean() / (y - x).std(ddof=1) by Hedges' correction
    close(own.effects[0].value, 0.812_027_242_634_501_7);
    // statsmodels.stats.weightstats.ttost_paired(y, x, -d, d)
    close(own.equivalence.unwrap().p, 5.722_952_682_681_424_6e-5);
    let narrow = pair(scores("b/t", &X), scores("b/t", &Y), &margin(0.1));
    close(found(&narrow).equivalence.unwrap().p, 0.094_287_168_027_188_67);
}

#[test]
fn items_that_hang_together_go_by_clusters() {
    let grouped = |values: &[f64]| {
        let mut task = scores("b/t", values);
        for (row, cluster) in task.table.rows.iter_mut().zip([0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4]) {
            std::sync::Arc::make_mut(&mut row.key).cluster = Some(format!("c{cluster}"));
        }
        measured(task)
    };
    let pair = pair(grouped(&X), grouped(&Y), &Options::default());
    let found = found(&pair);
    // statsmodels OLS(y - x, 1).fit(cov_type="cluster", use_correction=False), times sqrt(5 / 4); scipy.stats.t with 4 df
    ends(&found.difference, 0.068_333_333_333_333_34, 0.056_246_212_205_842_715, 0.080_420_454_460_823_92);
    let test = found.test.unwrap();
    assert_eq!(test.hypothesis, Hypothesis::PairedTClustered);
    close(test.p, 9.622_653_815_754_186e-5);
    // All 32 signs of the sums of clusters.
    close(found.beside[0].p, 0.0625);
    assert_eq!((found.difference.n, found.difference.clusters), (12, Some(5)));
}

fn texts(nats: &[f64], tokens: &[f64]) -> TaskRecord {
    let ratio = Formula::ExpRatio { numerator: "nats", denominator: "tokens" };
    let bits = Formula::BitsPer { nats: "nats", bytes: "bytes" };
    let metrics = vec![
        Metric::new("perplexity", ratio, Unit::Perplexity).better(Better::Lower).headline(),
        Metric::new("bits_per_byte", bits, Unit::BitsPerByte).better(Better::Lower).headline(),
    ];
    let rows = nats.iter().zip(tokens).enumerate().map(|(item, (nats, tokens))| {
        // Texts whose bytes are as many as the tokens of the one tokenizer.
        (key(item), vec![(*nats).into(), (*tokens).into(), UNITS[item].into()])
    });
    task("b/texts", &["nats", "tokens", "bytes"], metrics, rows.collect())
}

const UNITS: [f64; 6] = [10.0, 20.0, 8.0, 25.0, 15.0, 11.0];
const NATS: [[f64; 6]; 2] = [[31.2, 50.1, 18.4, 72.0, 44.3, 25.9], [29.0, 51.3, 16.0, 66.2, 40.1, 25.0]];

#[test]
fn perplexities_make_a_ratio_and_bits_a_difference() {
    let comparison = super::fixture::compared(&[
        super::fixture::record("one", vec![texts(&NATS[0], &UNITS)]),
        super::fixture::record("two", vec![texts(&NATS[1], &UNITS)]),
    ]);
    let of = |at: usize| found(&comparison.subjects[at].pairs[0]);
    // numpy: the jackknife of the difference of the two quotients, scipy.stats.t with Kish's degrees of freedom.
    ends(&of(0).difference, 0.851_569_503_608_442_2, 0.703_875_282_299_589_8, 1.030_254_418_235_523_3);
    ends(&of(1).difference, -0.231_803_809_940_586_47, -0.506_608_270_495_762_1, 0.043_000_650_614_589_11);
    assert_eq!((of(0).contrast, of(1).contrast), (Contrast::Ratio, Contrast::Difference));
    for at in [0, 1] {
        let test = of(at).test.unwrap();
        assert_eq!(test.hypothesis, Hypothesis::JackknifeT);
        close(test.p, 0.079_777_384_998_507_03);
        close(test.df.unwrap(), 4.160_260_586_319_218);
        close(test.adjusted.unwrap().p, 2.0 * test.p);
    }
}

#[test]
fn classes_go_by_swaps() {
    let labelled = |predicted: &str| {
        let formula = Formula::Classes { gold: "gold", predicted: "said", score: ClassScore::MacroF1 };
        let metric = Metric::new("macro_f1", formula, Unit::Proportion).better(Better::Higher).headline();
        let text = |of: &str, place: usize| Cell::from(&of[place..=place]);
        let rows = (0..10).map(|item| (key(item), vec![text("aabbccabca", item), text(predicted, item)]));
        task("b/labels", &["gold", "said"], vec![metric], rows.collect())
    };
    let pair = pair(labelled("abbbcaabcb"), labelled("aabbcbabca"), &Options::default());
    let found = found(&pair);
    // sklearn.metrics.f1_score(average="macro")
    close(found.values[0].value.unwrap(), 0.707_142_857_142_857_2);
    close(found.values[1].value.unwrap(), 0.885_714_285_714_285_7);
    close(found.difference.value.unwrap(), 0.178_571_428_571_428_6);
    // All 1024 swaps with it.
    let test = found.test.unwrap();
    assert_eq!(test.hypothesis, Hypothesis::Swap);
    close(test.p, 0.5);
    assert_eq!(found.beside[0].hypothesis, Hypothesis::DeltaT);
}

#[test]
fn medians_go_by_the_sign_test() {
    let median = |values: &[f64]| {
        let mut task = scores("b/t", values);
        task.metrics[0].formula = Formula::Median("score");
        measured(task)
    };
    let pair = pair(median(&X), median(&Y), &Options::default());
    let found = found(&pair);
    // numpy.median(y - x); the third smallest and largest, by scipy.stats.binom.ppf(.025, 12, .5)
    ends(&found.difference, 0.07, -0.03, 0.15);
    assert_eq!(found.contrast, Contrast::MedianDifference);
    // scipy.stats.binomtest(3, 12)
    close(found.test.unwrap().p, 0.145_996_093_75);
}
