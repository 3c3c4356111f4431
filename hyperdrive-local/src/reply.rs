//! Encodes the results of statements as packets for the Worker, and caches them.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use mysql_async::prelude::Queryable as _;
use mysql_async::{Column, Conn, Value, consts::StatusFlags};

use crate::fault::Stage;
use crate::lock;
use crate::wire::error;

/// The packets of a reply. EOF packets are added later, as they depend on `CLIENT_DEPRECATE_EOF`.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// An OK packet.
    Done(Vec<u8>),
    /// An ERR packet.
    Refused(Vec<u8>),
    /// A result set.
    Rows {
        columns: Vec<Vec<u8>>,
        rows: Vec<Vec<u8>>,
        status: u16,
    },
}

impl Reply {
    /// Runs a statement and encodes its result.
    pub(crate) async fn of(conn: &mut Conn, sql: &str) -> Result<Self, mysql_async::Error> {
        let reply = match Self::run(conn, sql).await {
            Err(mysql_async::Error::Server(refusal)) => {
                let refused = error(refusal.code, &refusal.state, &refusal.message);
                Self::Refused(refused)
            }
            reply => reply?,
        };
        Ok(reply)
    }

    async fn run(conn: &mut Conn, sql: &str) -> Result<Self, mysql_async::Error> {
        let mut result = conn.query_iter(sql).await?;
        let columns = result.columns().filter(|columns| !columns.is_empty());
        let mut rows = Vec::new();
        if columns.is_some() {
            while let Some(row) = result.next().await? {
                // This is `Row::unwrap`, which returns the row's values, not `Option::unwrap`.
                rows.push(encode_row(row.unwrap()));
            }
        }
        let (affected, id, warnings) = (
            result.affected_rows(),
            result.last_insert_id().unwrap_or(0),
            result.warnings(),
        );
        result.drop_result().await?;
        let status = status(conn).bits();
        if let Some(columns) = columns {
            return Ok(Self::Rows {
                columns: columns.iter().map(encode_column).collect(),
                rows,
                status,
            });
        }
        let mut ok = vec![0];
        put_length(&mut ok, affected);
        put_length(&mut ok, id);
        ok.extend_from_slice(&status.to_le_bytes());
        ok.extend_from_slice(&warnings.to_le_bytes());
        Ok(Self::Done(ok))
    }

    /// All packets in order, each with the stages at which a fault may apply to it.
    pub(crate) fn packets(&self, deprecate_eof: bool) -> Vec<(&'static [Stage], Vec<u8>)> {
        const OTHER: &[Stage] = &[];
        const QUERY: &[Stage] = &[Stage::Query];
        const FIRST: &[Stage] = &[Stage::FirstRow];
        const LAST: &[Stage] = &[Stage::LastRow];
        const FIRST_AND_LAST: &[Stage] = &[Stage::FirstRow, Stage::LastRow];
        const ALL: &[Stage] = &[Stage::Query, Stage::FirstRow, Stage::LastRow];
        let (columns, rows, status) = match self {
            Self::Done(packet) | Self::Refused(packet) => return vec![(ALL, packet.clone())],
            Self::Rows {
                columns,
                rows,
                status,
            } => (columns, rows, *status),
        };
        let [low, high] = status.to_le_bytes();
        let eof = vec![0xfe, 0, 0, low, high];
        let mut count = Vec::new();
        put_length(&mut count, columns.len() as u64);
        let mut packets = vec![(QUERY, count)];
        packets.extend(columns.iter().map(|column| (OTHER, column.clone())));
        if !deprecate_eof {
            packets.push((OTHER, eof.clone()));
        }
        let stages = |index| if index == 0 { FIRST } else { OTHER };
        packets.extend(
            rows.iter()
                .enumerate()
                .map(|(index, row)| (stages(index), row.clone())),
        );
        let end = if deprecate_eof {
            vec![0xfe, 0, 0, low, high, 0, 0]
        } else {
            eof
        };
        packets.push((
            if rows.is_empty() {
                FIRST_AND_LAST
            } else {
                LAST
            },
            end,
        ));
        packets
    }
}

/// The status flags of the server's last OK packet, without `SERVER_MORE_RESULTS_EXISTS`.
pub(crate) fn status(conn: &Conn) -> StatusFlags {
    let ok = conn.last_ok_packet();
    ok.map_or(StatusFlags::SERVER_STATUS_AUTOCOMMIT, |ok| {
        ok.status_flags() - StatusFlags::SERVER_MORE_RESULTS_EXISTS
    })
}

fn encode_row(values: Vec<Value>) -> Vec<u8> {
    let mut packet = Vec::new();
    for value in values {
        match value {
            Value::NULL => packet.push(0xfb),
            // The text protocol returns only `NULL` and bytes; the last arm is for completeness.
            Value::Bytes(bytes) => put_bytes(&mut packet, &bytes),
            other => put_bytes(&mut packet, other.as_sql(true).as_bytes()),
        }
    }
    packet
}

fn encode_column(column: &Column) -> Vec<u8> {
    let mut packet = Vec::new();
    put_bytes(&mut packet, b"def");
    for text in [
        column.schema_ref(),
        column.table_ref(),
        column.org_table_ref(),
        column.name_ref(),
        column.org_name_ref(),
    ] {
        put_bytes(&mut packet, text);
    }
    packet.push(12);
    packet.extend_from_slice(&column.character_set().to_le_bytes());
    packet.extend_from_slice(&column.column_length().to_le_bytes());
    packet.push(column.column_type() as u8);
    packet.extend_from_slice(&column.flags().bits().to_le_bytes());
    packet.push(column.decimals());
    packet.extend_from_slice(&[0, 0]);
    packet
}

fn put_bytes(packet: &mut Vec<u8>, bytes: &[u8]) {
    put_length(packet, bytes.len() as u64);
    packet.extend_from_slice(bytes);
}

/// Appends a length-encoded integer.
fn put_length(packet: &mut Vec<u8>, number: u64) {
    let bytes = number.to_le_bytes();
    let (mark, count) = match number {
        0..=0xfa => (None, 1),
        0xfb..=0xffff => (Some(0xfc), 2),
        0x1_0000..=0xff_ffff => (Some(0xfd), 3),
        _ => (Some(0xfe), 8),
    };
    packet.extend(mark);
    packet.extend(bytes.iter().take(count));
}

/// A cache of result sets that imitates Hyperdrive's.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<HashMap<String, (Instant, Reply)>>);

/// Time for which a result is fresh: the default `max_age` of Hyperdrive.
const MAX_AGE: Duration = Duration::from_mins(1);
/// Time after that in which a stale result is returned once more. The query after that one renews
/// it. This is the default `stale_while_revalidate` of Hyperdrive.
const STALE_WHILE_REVALIDATE: Duration = Duration::from_secs(15);

impl Cache {
    pub(crate) fn get(&self, sql: &str) -> Option<Reply> {
        let mut cache = lock(&self.0);
        let (made, reply) = cache.get(sql)?;
        let (age, reply) = (made.elapsed(), reply.clone());
        if age < MAX_AGE {
            return Some(reply);
        }
        cache.remove(sql);
        (age < MAX_AGE + STALE_WHILE_REVALIDATE).then_some(reply)
    }

    /// Stores a result set. Writes do not invalidate it, because in Hyperdrive they do not either.
    pub(crate) fn put(&self, sql: &str, reply: &Reply) {
        if matches!(reply, Reply::Rows { .. }) {
            lock(&self.0).insert(sql.to_owned(), (Instant::now(), reply.clone()));
        }
    }
}
