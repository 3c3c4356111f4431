//! `gatehouse-budgets NUMBER TIMES`: does a part of a request so many times, for a program such as
//! callgrind that counts what it takes.

use std::process::ExitCode;

use gatehouse_budgets::PARTS;

fn main() -> ExitCode {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .flat_map(|text| text.parse())
        .collect();
    let [number, times] = numbers[..] else {
        eprintln!("usage: gatehouse-budgets NUMBER TIMES");
        return ExitCode::FAILURE;
    };
    let Some((_, part)) = PARTS.get(number) else {
        eprintln!("there are {} parts, from 0", PARTS.len());
        return ExitCode::FAILURE;
    };
    let mut work = part();
    for _ in 0..times {
        work();
    }
    ExitCode::SUCCESS
}
