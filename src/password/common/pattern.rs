//! Passwords that follow a pattern: repetitions, and runs along the alphabet or a keyboard.
//!
//! `build.rs` and `xtask` compile this file too, because the list of common passwords leaves out
//! what a pattern refuses.

use zeroize::Zeroizing;

/// The longest unit, in characters, that is refused with its repetition or mirror image.
const MAX_UNIT: usize = 8;
/// The fewest characters of a run.
const MIN_RUN: usize = 3;
/// How many runs one character outside of them counts for.
const OUTSIDE: usize = 3;
/// As many runs one after the other, and no more, are refused: `qweasdzxc123`, `12345678x`.
const LIMIT: usize = 5;

/// A run goes along one of these lines, forwards or backwards. At most 31: see [`Steps`].
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

/// What a QWERTY keyboard writes with Shift, and without.
const SHIFTED: [&str; 2] = ["!@#$%^&*()_+{}|:\"<>?~", "1234567890-=[]\\;',./`"];

/// How one character can be followed by another in a run: a bit for staying on the same one, and
/// two for each of [`LINES`], forwards and backwards.
pub(super) type Steps = u64;

/// Whether a password, in lower case, is a short unit repeated or mirrored, or one that runs make up.
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

/// The shortest part that gives the whole when it is written again and again; the last time, it
/// may be cut.
pub(super) fn repeated_unit(text: &[char]) -> Option<&[char]> {
    (1..=text.len() / 2)
        .find(|length| {
            text.iter()
                .eq(text.iter().take(*length).cycle().take(text.len()))
        })
        .and_then(|length| text.get(..length))
}

/// Whether few runs of at least [`MIN_RUN`] characters make up the whole: each costs one, and a
/// character outside of them [`OUTSIDE`].
fn is_runs(text: &[char], limit: usize) -> bool {
    let mut steps: Vec<Option<Steps>> = vec![None; text.len()];
    // The least cost of each beginning, by its length.
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

/// Puts a number in the place of a greater one.
fn keep_least(numbers: &mut [usize], index: usize, number: usize) {
    if let Some(old) = numbers.get_mut(index) {
        *old = number.min(*old);
    }
}

/// Whether two such texts take turns: `1q2w3e4r`.
fn is_zigzag(text: &[char]) -> bool {
    [0, 1].iter().all(|first| {
        let half = text.iter().skip(*first).step_by(2).copied();
        is_runs(&Zeroizing::new(half.collect::<Vec<_>>()), OUTSIDE - 1)
    })
}

/// The steps from the first of two characters to the second.
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

/// The same key of a QWERTY keyboard without Shift.
fn without_shift(character: char) -> char {
    let [shifted, plain] = SHIFTED;
    let key = shifted
        .chars()
        .zip(plain.chars())
        .find(|(with, _)| *with == character);
    key.map_or(character, |(_, without)| without)
}
