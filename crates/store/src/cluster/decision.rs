//! What analysts say of identities and campaigns. No projection makes it, and none forgets it.

use crate::{
    Store,
    database::{Statement, transaction},
    error::Error,
    filter::PAGE_LIMIT,
    schema::row,
};
use decnet_model::record::{
    Asked, Decision, Deed, LONGEST_REASON, Level, MOST_ADDRESSES, MemberSeen, NewDecision, Refusal,
};
use netsvc_wire::stamp::Micros;
use std::net::IpAddr;

/// Addresses on both sides of a decision.
type Sides = (Vec<IpAddr>, Vec<IpAddr>);

/// A decision as it is stored.
pub(crate) struct DecisionRow {
    id: i64,
    level: Level,
    deed: Deed,
    left_side: String,
    right_side: String,
    actor: String,
    at: Micros,
    reason: String,
    undone_at: Option<Micros>,
    undone_by: Option<String>,
}

row! {
    DECISIONS = "cluster_decisions" by "id", DecisionRow, DecisionRow {
        id: Int;
        level: Text(64);
        deed: Text(64);
        left_side: Long;
        right_side: Long;
        actor: Text(255);
        at: Int;
        reason: Long;
        undone_at: Int, Replace;
        undone_by: Text(255), Replace;
    }
}

fn text(addresses: &[IpAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn addresses(text: &str) -> Result<Vec<IpAddr>, Error> {
    let wrong = |_| Error::Row { what: "read decisions", column: 3, expected: "addresses" };
    text.split_whitespace().map(|address| address.parse().map_err(wrong)).collect()
}

impl DecisionRow {
    fn of(decision: &Decision) -> DecisionRow {
        DecisionRow {
            id: decision.id,
            level: decision.level,
            deed: decision.deed,
            left_side: text(&decision.left),
            right_side: text(&decision.right),
            actor: decision.actor.clone(),
            at: decision.at,
            reason: decision.reason.clone(),
            undone_at: decision.undone_at,
            undone_by: decision.undone_by.clone(),
        }
    }

    fn decision(self) -> Result<Decision, Error> {
        Ok(Decision {
            id: self.id,
            level: self.level,
            deed: self.deed,
            left: addresses(&self.left_side)?,
            right: addresses(&self.right_side)?,
            actor: self.actor,
            at: self.at,
            reason: self.reason,
            undone_at: self.undone_at,
            undone_by: self.undone_by,
        })
    }
}

impl Store {
    /// Decides what an analyst asks for, and says why not.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn cluster_decide(
        &self,
        level: Level,
        asked: &Asked,
        reason: &str,
        (actor, now): (&str, Micros),
    ) -> Result<Result<Decision, Refusal>, Error> {
        if reason.chars().count() > LONGEST_REASON {
            return Ok(Err(Refusal::Reason));
        }
        let sides = match asked {
            Asked::Merge(one, two) => self.merged(level, *one, *two).await?,
            Asked::Split(from, leave) => self.parted(level, *from, leave).await?,
            Asked::Pin(id) => match self.cluster_now(level, *id).await? {
                Some(id) => Ok((self.addresses_of(level, id).await?, Vec::new())),
                None => Err(Refusal::Missing(level, *id)),
            },
        };
        let (left, right) = match sides {
            Ok(sides) => sides,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let deed = match asked {
            Asked::Merge(..) => Deed::Merge,
            Asked::Split(..) => Deed::Split,
            Asked::Pin(_) => Deed::Pin,
        };
        let (actor, reason) = (actor.to_owned(), reason.to_owned());
        let new = NewDecision { level, deed, left, right, actor, at: now, reason };
        self.decision_put(&new).await.map(Ok)
    }

    async fn merged(&self, level: Level, one: i64, two: i64) -> Result<Result<Sides, Refusal>, Error> {
        let (Some(left), Some(right)) =
            (self.cluster_now(level, one).await?, self.cluster_now(level, two).await?)
        else {
            let missing = if self.cluster_now(level, one).await?.is_some() { two } else { one };
            return Ok(Err(Refusal::Missing(level, missing)));
        };
        if left == right {
            return Ok(Err(Refusal::Same(level, left)));
        }
        Ok(Ok((self.addresses_of(level, left).await?, self.addresses_of(level, right).await?)))
    }

    async fn parted(
        &self,
        level: Level,
        from: i64,
        leave: &[String],
    ) -> Result<Result<Sides, Refusal>, Error> {
        let Some(id) = self.cluster_now(level, from).await? else {
            return Ok(Err(Refusal::Missing(level, from)));
        };
        let all = self.cluster_addresses(level, id).await?;
        let name = |one: &MemberSeen| match level {
            Level::Identity => one.src_ip.to_string(),
            Level::Campaign => one.identity.to_string(),
        };
        if let Some(stranger) = leave.iter().find(|wanted| !all.iter().any(|one| name(one) == **wanted)) {
            return Ok(Err(Refusal::Stranger(level, stranger.clone(), id)));
        }
        let (left, right): (Vec<_>, Vec<_>) = all.iter().partition(|one| leave.contains(&name(one)));
        if left.is_empty() || right.is_empty() {
            return Ok(Err(Refusal::Nobody));
        }
        let addresses = |side: Vec<&MemberSeen>| side.into_iter().map(|one| one.src_ip).collect();
        Ok(Ok((addresses(left), addresses(right))))
    }

    async fn addresses_of(&self, level: Level, id: i64) -> Result<Vec<IpAddr>, Error> {
        let all = self.cluster_addresses(level, id).await?;
        Ok(all.into_iter().take(MOST_ADDRESSES).map(|one| one.src_ip).collect())
    }

    /// Stores what an analyst says, and takes back what says the contrary. Returns the decision with its number.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn decision_put(&self, new: &NewDecision) -> Result<Decision, Error> {
        let what = "store a decision";
        transaction!(self, what, tx => {
            let sql = format!("{} ORDER BY id", DECISIONS.select());
            let rows: Vec<DecisionRow> = super::rows(&mut tx, Statement::new(what, sql)).await?;
            let all: Vec<Decision> = rows.into_iter().map(DecisionRow::decision).collect::<Result<_, _>>()?;
            let decision = Decision {
                id: all.last().map_or(0, |last| last.id) + 1,
                level: new.level,
                deed: new.deed,
                left: new.left.clone(),
                right: new.right.clone(),
                actor: new.actor.clone(),
                at: new.at,
                reason: new.reason.clone(),
                undone_at: None,
                undone_by: None,
            };
            let mut rows = vec![DecisionRow::of(&decision)];
            for one in all.into_iter().filter(|one| one.is_against(new)) {
                let undone = Decision { undone_at: Some(new.at), undone_by: Some(new.actor.clone()), ..one };
                rows.push(DecisionRow::of(&undone));
            }
            tx.upsert(what, rows).await?;
            Ok(decision)
        })
    }

    /// Takes a decision back. Returns whether there was one that held.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn decision_undo(
        &self,
        level: Level,
        id: i64,
        actor: &str,
        now: Micros,
    ) -> Result<bool, Error> {
        let what = "take a decision back";
        transaction!(self, what, tx => {
            let sql = "UPDATE cluster_decisions SET undone_at = ?, undone_by = ? \
                       WHERE level = ? AND id = ? AND undone_at IS NULL";
            let statement = Statement::new(what, sql).bind(now).bind(actor).bind(level).bind(id);
            tx.execute(statement).await.map(|rows| rows > 0)
        })
    }

    /// Decisions of a level, the latest first; without `all` only those that hold.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn decision_list(&self, level: Level, all: bool) -> Result<Vec<Decision>, Error> {
        let holds = if all { "" } else { " AND undone_at IS NULL" };
        let sql =
            format!("{} WHERE level = ?{holds} ORDER BY id DESC LIMIT {PAGE_LIMIT}", DECISIONS.select());
        let rows: Vec<DecisionRow> =
            self.pool.read(Statement::new("list decisions", sql).bind(level)).await?;
        rows.into_iter().map(DecisionRow::decision).collect()
    }
}
