//! The people of domains, and what they write to each other.

use crate::{
    Store,
    database::{Statement, Tx, transaction},
    error::Error,
    row::Value,
    schema::row,
    setting,
};
use decnet_model::record::{LETTER_DAY, LetterFilter, LetterRow, PoolRow};
use netsvc_wire::stamp::Micros;

row! {
    POOLS = "pools" by "domain", PoolRow, PoolRow {
        domain: Text(255);
        document: Long, Replace;
        by as written_by: Text(255), Replace;
        changed_at: Int, Replace;
    }
}

row! {
    LETTERS = "letters" by "id", LetterRow, LetterRow {
        id: Text(64);
        thread: Text(64);
        domain: Text(255);
        sender: Text(64);
        recipients: Long;
        subject: Long;
        language: Text(16);
        origin: Text(16);
        at: Int;
        copies: Long;
        content: Long;
    }
}

/// What a model said once, by what it was asked.
pub(crate) struct Phrasing {
    hash: String,
    text: String,
    at: Micros,
}

row! {
    PHRASINGS = "phrasings" by "hash", Phrasing, Phrasing {
        hash: Text(64);
        text: Long, Replace;
        at: Int, Replace;
    }
}

impl Store {
    /// The people of all domains.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn pool_list(&self) -> Result<Vec<PoolRow>, Error> {
        let sql = format!("{} ORDER BY domain", POOLS.select());
        self.pool.read(Statement::new("read the people of domains", sql)).await
    }

    /// The people of a domain.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn pool_get(&self, domain: &str) -> Result<Option<PoolRow>, Error> {
        let sql = format!("{} WHERE domain = ?", POOLS.select());
        self.pool.read_one(Statement::new("read the people of a domain", sql).bind(domain)).await
    }

    /// Stores the people of a domain, in the place of those that were there.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn pool_put(&self, pool: &PoolRow) -> Result<(), Error> {
        let what = "store the people of a domain";
        transaction!(self, what, tx => { tx.upsert(what, [pool.clone()]).await })
    }

    /// Stores people whom somebody wrote in the place of those of a domain, and takes back what was written ahead:
    /// threads that begin after they came, and the days from then on, which are written anew. Days begin when those do
    /// who are so many minutes east of UTC.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails; nothing has changed then.
    pub async fn pool_replace(&self, pool: &PoolRow, zone_minutes: i32) -> Result<(), Error> {
        let what = "store the people of a domain";
        transaction!(self, what, tx => {
            tx.upsert(what, [pool.clone()]).await?;
            unwrite(&mut tx, pool, zone_minutes).await
        })
    }

    /// What is another text whenever the people of a domain are others.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn pool_stamp(&self) -> Result<String, Error> {
        let sql = "SELECT COUNT(*), COALESCE(MAX(changed_at), 0) FROM pools";
        let row = self.pool.row(Statement::new("look for changed people", sql)).await?;
        row.map_or(Ok(String::new()), |mut cells| Ok(format!("{} {}", cells.count()?, cells.int()?)))
    }

    /// Stores the letters of a day that the people `pool` write, and that it is written; letters that are there stay as
    /// they are. False, and nothing is stored, when the people of the domain are others by now.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn letter_day_put(
        &self,
        pool: &PoolRow,
        day: i64,
        letters: &[LetterRow],
    ) -> Result<bool, Error> {
        let what = "store the letters of a day";
        transaction!(self, what, tx => {
            let sql = format!("SELECT changed_at FROM pools WHERE domain = ?{}", tx.dialect().for_update());
            let row = tx.row(Statement::new(what, sql).bind(pool.domain.as_str())).await?;
            if row.map(|mut cells| cells.int()).transpose()? != Some(pool.changed_at) {
                return Ok(false);
            }
            tx.upsert(what, letters.iter().cloned()).await?;
            setting::write(&mut tx, &format!("{LETTER_DAY}.{}", pool.domain), &day.to_string()).await?;
            Ok(true)
        })
    }

    /// Letters that fit `filter`, the latest `limit` of them, the latest first.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn letter_list(&self, filter: &LetterFilter, limit: u32) -> Result<Vec<LetterRow>, Error> {
        let mut conditions = vec!["1 = 1"];
        let mut values: Vec<Value> = Vec::new();
        for (column, value) in
            [("domain = ?", &filter.domain), ("thread = ?", &filter.thread), ("sender = ?", &filter.sender)]
        {
            if let Some(value) = value {
                conditions.push(column);
                values.push(value.as_str().into());
            }
        }
        for (column, value) in [("at < ?", filter.before), ("at >= ?", filter.since)] {
            if let Some(value) = value {
                conditions.push(column);
                values.push(value.into());
            }
        }
        let sql =
            format!("{} WHERE {} ORDER BY at DESC, id LIMIT ?", LETTERS.select(), conditions.join(" AND "));
        let statement = Statement::new("list letters", sql).bind_all(values).bind(i64::from(limit));
        self.pool.read(statement).await
    }

    /// A letter.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn letter_get(&self, id: &str) -> Result<Option<LetterRow>, Error> {
        let sql = format!("{} WHERE id = ?", LETTERS.select());
        self.pool.read_one(Statement::new("read a letter", sql).bind(id)).await
    }

    /// What is another text whenever there are other letters.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn letter_stamp(&self) -> Result<String, Error> {
        let sql = "SELECT COUNT(*), COALESCE(MAX(at), 0), COALESCE(MIN(at), 0) FROM letters";
        let row = self.pool.row(Statement::new("look for letters", sql)).await?;
        row.map_or(Ok(String::new()), |mut cells| {
            Ok(format!("{} {} {}", cells.count()?, cells.int()?, cells.int()?))
        })
    }

    /// Forgets letters that were sent before `at`, and what models said before that. Returns how many letters it were.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn letter_forget(&self, at: Micros) -> Result<u64, Error> {
        let what = "forget letters";
        transaction!(self, what, tx => {
            tx.execute(Statement::new(what, "DELETE FROM phrasings WHERE at < ?").bind(at)).await?;
            tx.execute(Statement::new(what, "DELETE FROM letters WHERE at < ?").bind(at)).await
        })
    }

    /// What a model said when it was asked what has this hash.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn phrasing_get(&self, hash: &str) -> Result<Option<String>, Error> {
        let statement =
            Statement::new("read a phrasing", "SELECT text FROM phrasings WHERE hash = ?").bind(hash);
        self.pool.row(statement).await?.map(|mut cells| cells.text()).transpose()
    }

    /// Keeps what a model said.
    ///
    /// # Errors
    /// [`Error::Query`] when the database fails.
    pub async fn phrasing_put(&self, hash: &str, text: &str, at: Micros) -> Result<(), Error> {
        let what = "store a phrasing";
        transaction!(self, what, tx => {
            tx.upsert(what, [Phrasing { hash: hash.to_owned(), text: text.to_owned(), at }]).await
        })
    }
}

/// Takes back threads of a domain that begin after its people came, and has the days from then on written anew.
async fn unwrite(tx: &mut Tx, pool: &PoolRow, zone_minutes: i32) -> Result<(), Error> {
    let (what, domain, since) = ("take letters back", pool.domain.as_str(), pool.changed_at);
    let sql = "SELECT id FROM letters WHERE domain = ? AND at > ? AND id = thread";
    for mut cells in tx.rows(Statement::new(what, sql).bind(domain).bind(since)).await? {
        let first = cells.text()?;
        let statement = Statement::new(what, "DELETE FROM letters WHERE thread = ?").bind(first.as_str());
        tx.execute(statement).await?;
    }
    // Of today the threads that have begun stay; the day after is written anew.
    let day = (since + i64::from(zone_minutes) * 60_000_000).div_euclid(86_400_000_000);
    let name = format!("{LETTER_DAY}.{domain}");
    let written = tx.row(Statement::new(what, setting::READ).bind(name.as_str())).await?;
    let written = written.map(|mut cells| cells.text()).transpose()?;
    // Days that were not written yet are not left out: of a new domain those are all that lie behind.
    if written.and_then(|text| text.parse::<i64>().ok()).is_some_and(|last| day < last) {
        setting::write(tx, &name, &day.to_string()).await?;
    }
    Ok(())
}
