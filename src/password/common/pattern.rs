//! Detects passwords that follow a pattern: repetitions, and runs along the alphabet or a keyboard.
//!
//! `build.rs` and `xtask` compile this file too, to leave such passwords out of the list of common
//! ones.

use zeroize::Zeroizing;

/// The longest unit, in characters, that is always refused when it is repeated or mirrored.
const MAX_UNIT: usize = 8;
/// The shortest run, in characters.
const MIN_RUN: usize = 3;
/// The cost of a character outside of a run. A run costs 1.
const OUTSIDE: usize = 3;
/// The highest cost of a password that is refused, such as `qweasdzxc123` or `12345678x`.
const LIMIT: usize = 5;

/// The lines that a run follows, forwards or backwards. [`Steps`] has room for 31 of them.
pub(super) const LINES: [&str; 29] = [
    "abcdefghijklmnopqrstuvwxyz",
    // Digits, with 0 after 9.
    "01234567890",
    // The rows and columns of a QWERTY keyboard.
    "`1234567890-=",
    "qwertyuiop[]\\",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6yhn",
    "7ujm",
    "8ik,",
    "9ol.",
    "0p;/",
    // The columns and diagonals of a number pad.
    "147",
    "258",
    "369",
    "159",
    "357",
    // The rows of QWERTZ, AZERTY and ЙЦУКЕН that differ.
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
];

/// The characters that the same keys of a QWERTY keyboard write with Shift and without.
const SHIFTED: [&str; 2] = ["!@#$%^&*()_+{}|:\"<>?~", "1234567890-=[]\\;',./`"];

/// A set of steps from one character of a run to the next, as bits: one for the same character
/// again, and two for each of [`LINES`], forwards and backwards.
pub(super) type Steps = u64;

/// Returns true if a password, in lower case, is a repeated or mirrored unit or consists of runs.
pub(super) fn is_patterned(lower: &[char]) -> bool {
    let keys = lower.iter().copied().map(without_shift);
    let keys: Zeroizing<Vec<char>> = Zeroizing::new(keys.collect());
    let mut single = keys.clone();
    single.dedup();
    let half = lower.len() / 2;
    repeated_unit(lower).is_some_and(|unit| unit.len() <= MAX_UNIT || is_patterned(unit))
        || (half <= MAX_UNIT && lower.iter().take(half).eq(lower.iter().rev().take(half)))
        || is_runs(&keys, LIMIT)
        || is_runs(&single, OUTSIDE - 1)
        || is_zigzag(&keys)
}

/// The shortest unit whose repetition gives the text, or `None` if it is longer than half of the
/// text. The last repetition may be cut short.
pub(super) fn repeated_unit(text: &[char]) -> Option<&[char]> {
    (1..=text.len() / 2)
        .find(|length| {
            text.iter()
                .eq(text.iter().take(*length).cycle().take(text.len()))
        })
        .and_then(|length| text.get(..length))
}

/// Returns true if the text costs at most `limit`: 1 for each run of at least [`MIN_RUN`]
/// characters, and [`OUTSIDE`] for each character outside of a run.
fn is_runs(text: &[char], limit: usize) -> bool {
    let mut steps: Vec<Option<Steps>> = vec![None; text.len()];
    // The lowest cost of each prefix, indexed by its length.
    let mut costs: Vec<usize> = (0..=text.len()).map(|length| length * OUTSIDE).collect();
    for start in 0..text.len() {
        let here = costs.get(start).copied().unwrap_or_default();
        if here > limit {
            continue;
        }
        keep_least(&mut costs, start + 1, here + OUTSIDE);
        let mut run = Steps::MAX;
        let pairs = text.windows(2).zip(&mut steps).skip(start);
        for (length, (pair, known)) in (2..).zip(pairs) {
            run &= *known.get_or_insert_with(|| step(pair));
            if run == 0 {
                break;
            }
            if length >= MIN_RUN {
                keep_least(&mut costs, start + length, here + 1);
            }
        }
    }
    costs.last().is_some_and(|cost| *cost <= limit)
}

/// Sets the number at an index to `number` if that is lower.
fn keep_least(numbers: &mut [usize], index: usize, number: usize) {
    if let Some(old) = numbers.get_mut(index) {
        *old = number.min(*old);
    }
}

/// Returns true if the text interleaves two texts that each consist of a run or two: `1q2w3e4r`.
fn is_zigzag(text: &[char]) -> bool {
    [0, 1].iter().all(|first| {
        let half = text.iter().skip(*first).step_by(2).copied();
        is_runs(&Zeroizing::new(half.collect::<Vec<_>>()), OUTSIDE - 1)
    })
}

/// The steps that lead from the first of two characters to the second.
pub(super) fn step(pair: &[char]) -> Steps {
    let &[from, to] = pair else { return 0 };
    let mut steps = Steps::from(from == to);
    for (index, line) in LINES.iter().enumerate() {
        for (left, right) in line.chars().zip(line.chars().skip(1)) {
            steps |= Steps::from((left, right) == (from, to)) << (2 * index + 1);
            steps |= Steps::from((right, left) == (from, to)) << (2 * index + 2);
        }
    }
    steps
}

/// The character that the same key of a QWERTY keyboard writes without Shift.
fn without_shift(character: char) -> char {
    let [shifted, plain] = SHIFTED;
    let key = shifted
        .chars()
        .zip(plain.chars())
        .find(|(with, _)| *with == character);
    key.map_or(character, |(_, without)| without)
}
