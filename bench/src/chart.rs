//! The chart of docs/performance.md: CPU of a request on a logarithmic scale, as an SVG that is
//! readable on light and on dark pages.

use std::fmt::Write as _;

use crate::load::Endpoint;
use crate::rounds::Row;
use crate::servers::Kind;
use crate::table::figure;

const WIDTH: f64 = 760.0;
const LEFT: f64 = 180.0;
const RIGHT: f64 = 40.0;
const TOP: f64 = 64.0;
const ROW: f64 = 46.0;
/// What a figure needs.
const LABEL: f64 = 32.0;
/// The ends of the scale, in milliseconds.
const SCALE: (f64, f64) = (0.01, 500.0);

const HEAD: &str = "<style>\
text{font:13px system-ui,sans-serif;fill:#24292f}\
.s{font-size:11px}.g{stroke:#d0d7de}\
.worker{fill:#c2410c}.native{fill:#0f766e}.twin{fill:#2563eb}.tuned{fill:#93b4f5}.floor{fill:#8b949e}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.g{stroke:#30363d}\
.worker{fill:#fb923c}.native{fill:#2dd4bf}.twin{fill:#60a5fa}.tuned{fill:#3b5b92}.floor{fill:#8b949e}}\
</style>\n";

fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Worker => "worker",
        Kind::Native => "native",
        Kind::Twin => "twin",
        Kind::Tuned => "tuned",
        Kind::Floor => "floor",
    }
}

/// Where a number of milliseconds is.
fn place(milliseconds: f64) -> f64 {
    let (low, high) = SCALE;
    let part = (milliseconds.clamp(low, high) / low).ln() / (high / low).ln();
    LEFT + part * (WIDTH - LEFT - RIGHT)
}

pub(crate) fn svg(rows: &[Row]) -> String {
    let lines = Endpoint::ALL.len();
    let bottom = TOP + ROW * f64::from(u32::try_from(lines).unwrap_or_default());
    let height = bottom + 30.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"CPU of a request in milliseconds, on a logarithmic scale\">\n{HEAD}\
         <text x=\"8\" y=\"20\">CPU of the server for one request, in milliseconds (logarithmic)</text>\n"
    );
    legend(&mut svg);
    for tick in [0.01, 0.1, 1.0, 10.0, 100.0] {
        let x = place(tick);
        let _ = writeln!(
            svg,
            "<line class=\"g\" x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{bottom}\"/>\
             <text class=\"s\" x=\"{x:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{tick}</text>",
            bottom + 16.0
        );
    }
    let mut y = TOP + ROW / 2.0;
    for endpoint in Endpoint::ALL {
        let title = endpoint.title().replace('`', "");
        let _ = writeln!(svg, "<text x=\"8\" y=\"{:.0}\">{title}</text>", y + 4.0);
        let _ = writeln!(
            svg,
            "<line class=\"g\" x1=\"{LEFT}\" y1=\"{y}\" x2=\"{:.0}\" y2=\"{y}\"/>",
            WIDTH - RIGHT
        );
        dots(&mut svg, rows, endpoint, y);
        y += ROW;
    }
    svg.push_str("</svg>\n");
    svg
}

fn legend(svg: &mut String) {
    let mut x = 14.0;
    for kind in [
        Kind::Floor,
        Kind::Native,
        Kind::Worker,
        Kind::Tuned,
        Kind::Twin,
    ] {
        let title = kind.title().replace('\'', "&#39;");
        let _ = writeln!(
            svg,
            "<circle class=\"{}\" cx=\"{x}\" cy=\"40\" r=\"6\"/>\
             <text class=\"s\" x=\"{}\" y=\"44\">{title}</text>",
            class(kind),
            x + 10.0
        );
        let letters = u32::try_from(kind.title().len()).unwrap_or_default();
        x += 30.0 + 6.0 * f64::from(letters);
    }
}

/// The dots of an endpoint, each with its figure above or below it in turn.
fn dots(svg: &mut String, rows: &[Row], endpoint: Endpoint, y: f64) {
    let mut dots: Vec<_> = rows
        .iter()
        .filter(|row| row.endpoint == endpoint)
        .map(|row| (row.median(|sample| sample.cpu), row.kind))
        .collect();
    dots.sort_by(|one, other| one.0.total_cmp(&other.0));
    // Where the last figure above the line and the last one below it are.
    let mut last = [0.0; 2];
    for (number, (cpu, kind)) in dots.into_iter().enumerate() {
        let x = place(cpu);
        let above = if number % 2 == 0 { -9.0 } else { 18.0 };
        let [other, same] = last;
        let text = x.max(same + LABEL);
        last = [text, other];
        let _ = writeln!(
            svg,
            "<circle class=\"{}\" cx=\"{x:.1}\" cy=\"{y}\" r=\"6\"/>\
             <text class=\"s\" x=\"{text:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>",
            class(kind),
            y + above,
            figure(cpu)
        );
    }
}
