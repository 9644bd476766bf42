//! Settings, keys and notes in plain text.

use super::{Body, Task};
use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use decnet_model::record::CanaryChannel;

fn held(content: String, lead: String) -> Body {
    Body { content: content.into_bytes(), lead, secrets: Vec::new() }
}

fn with_secret(content: String, lead: String, secret: &str) -> Body {
    Body { secrets: vec![(CanaryChannel::Secret, secret.as_bytes().to_vec())], ..held(content, lead) }
}

/// A name.
pub(super) fn name(task: &mut Task<'_>) -> Body {
    let name = task.name("").unwrap_or_default();
    held(format!("{name}\n"), name)
}

/// A shortcut of Windows. With a zone its icon lies on a server, which Explorer asks for when it shows the folder.
pub(super) fn shortcut(task: &mut Task<'_>) -> Body {
    let url = task.url("portal/{id}/");
    let icon = match task.name("icons") {
        Some(name) => format!("IconFile=\\\\{name}\\share\\site.ico\r\n"),
        None => format!("IconFile={}\r\n", task.url("portal/{id}/favicon.ico")),
    };
    held(format!("[InternetShortcut]\r\nURL={url}\r\nIconIndex=0\r\n{icon}"), url)
}

/// Access to a cluster behind a proxy whose addresses name the cluster.
pub(super) fn kubeconfig(task: &mut Task<'_>) -> Body {
    let url = task.url("k8s/clusters/{id}");
    let user = task.user("ci-deployer");
    let cluster = task.draw.one(&["production", "prod-eu", "staging", "core"]);
    let token = format!(
        "{}.{}.{}",
        URL_SAFE_NO_PAD.encode("{\"alg\":\"RS256\",\"kid\":\"\"}"),
        URL_SAFE_NO_PAD.encode(format!(
            "{{\"iss\":\"kubernetes/serviceaccount\",\"sub\":\"system:serviceaccount:ci:{user}\"}}"
        )),
        URL_SAFE_NO_PAD.encode(task.draw.bytes::<64>()),
    );
    let text = format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: {cluster}\n  cluster:\n    server: {url}\ncontexts:\n- name: \
         {cluster}\n  context:\n    cluster: {cluster}\n    user: {user}\n    namespace: default\ncurrent-context: \
         {cluster}\nusers:\n- name: {user}\n  user:\n    token: {token}\n"
    );
    held(text, url)
}

/// Keys in the form of AWS, with our endpoint in the profile.
pub(super) fn cloud_keys(task: &mut Task<'_>) -> Body {
    let url = task.url("s3/{id}");
    let id = format!("AKIA{}", task.draw.letters(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16));
    let secret = task.draw.base64(40);
    let profile = task.asked.user.clone().unwrap_or_else(|| "default".to_owned());
    let region = task.draw.one(&["eu-central-1", "eu-west-1", "us-east-1"]);
    let text = format!(
        "[{profile}]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\nregion = {region}\nendpoint_url = \
         {url}\n"
    );
    with_secret(text, format!("{id} {url}"), &id)
}

/// A dump that begins by naming the server it was taken from.
pub(super) fn dump(task: &mut Task<'_>) -> Body {
    let name = task.name("db-primary").unwrap_or_default();
    let (user, password) = (task.user("replica"), task.draw.password());
    let position = 10_000 + task.draw.below(900_000);
    let mut rows = Vec::new();
    for (index, person) in ["anna", "ben", "clara", "david", "emma", "felix"].iter().enumerate() {
        let hash = STANDARD.encode(task.draw.bytes::<24>());
        rows.push(format!("({},'{person}','{person}@example.com','$2y$10${hash}')", index + 1));
    }
    let text = format!(
        "-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n--\n-- Host: {name}    Database: shop\n\
         -- ------------------------------------------------------\n-- Server version\t8.0.36\n\n\
         /*!40101 SET NAMES utf8mb4 */;\n/*!40103 SET TIME_ZONE='+00:00' */;\n\n--\n-- Position to start replication \
         from\n--\n\nSTOP SLAVE;\nCHANGE MASTER TO MASTER_HOST='{name}', MASTER_PORT=3306, MASTER_USER='{user}', \
         MASTER_PASSWORD='{password}', MASTER_LOG_FILE='binlog.000214', MASTER_LOG_POS={position};\nSTART SLAVE;\n\n\
         DROP TABLE IF EXISTS `customers`;\nCREATE TABLE `customers` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  `login` \
         varchar(64) NOT NULL,\n  `mail` varchar(128) NOT NULL,\n  `password` varchar(64) NOT NULL,\n  PRIMARY KEY \
         (`id`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n\nINSERT INTO `customers` VALUES {};\n\n-- Dump completed\n",
        rows.join(",")
    );
    with_secret(text, name, &password)
}

/// Connection strings of one database.
pub(super) fn connection(task: &mut Task<'_>) -> Body {
    let name = task.name("sql").unwrap_or_default();
    let (user, password) = (task.user("reporting"), task.draw.password());
    let text = format!(
        "postgresql://{user}:{password}@{name}:5432/reporting?sslmode=require\n\
         mysql://{user}:{password}@{name}:3306/reporting\n\
         Server=tcp:{name},1433;Database=Reporting;User Id={user};Password={password};Encrypt=True;\n"
    );
    with_secret(text, name, &password)
}

/// Settings of a web application.
pub(super) fn environment(task: &mut Task<'_>) -> Body {
    let url = task.url("api/{id}/v1");
    let (user, password) = (task.user("app"), task.draw.password());
    let database = task.name("mysql").unwrap_or_else(|| "127.0.0.1".to_owned());
    let key = STANDARD.encode(task.draw.bytes::<32>());
    let mail = task.draw.password();
    let text = format!(
        "APP_NAME=Portal\nAPP_ENV=production\nAPP_KEY=base64:{key}\nAPP_DEBUG=false\nAPP_URL={url}\n\n\
         DB_CONNECTION=mysql\nDB_HOST={database}\nDB_PORT=3306\nDB_DATABASE=portal\nDB_USERNAME={user}\n\
         DB_PASSWORD={password}\n\n\
         CACHE_DRIVER=redis\nQUEUE_CONNECTION=redis\n\nMAIL_MAILER=smtp\nMAIL_USERNAME=noreply\n\
         MAIL_PASSWORD={mail}\n\nBACKUP_ENDPOINT={url}/backup\n"
    );
    Body {
        secrets: vec![
            (CanaryChannel::Secret, password.into_bytes()),
            (CanaryChannel::Secret, mail.into_bytes()),
        ],
        ..held(text, url)
    }
}

/// Settings of a repository, with a token in the address of its remote.
pub(super) fn repository(task: &mut Task<'_>) -> Body {
    let url = task.url("git/{id}/deploy.git");
    let user = task.user("deploy-bot");
    let token = format!(
        "glpat-{}",
        task.draw.letters(b"abcdefghijklmnopqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789", 20)
    );
    let address = match url.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{user}:{token}@{rest}"),
        None => url.clone(),
    };
    let text = format!(
        "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true\n\
         [remote \"origin\"]\n\turl = {address}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n[branch \"main\"]\n\t\
         remote = origin\n\tmerge = refs/heads/main\n"
    );
    with_secret(text, url, &token)
}

/// A mail address that nobody has.
pub(super) fn mailbox(task: &mut Task<'_>) -> Body {
    let domain = task.asked.target.clone().unwrap_or_default().to_lowercase();
    let first = task.asked.user.clone().unwrap_or_else(|| {
        task.draw.one(&["payroll", "invoices", "hr.archive", "m.keller", "s.brandt"]).to_owned()
    });
    let number = 100 + task.draw.below(900);
    let tail = task.id.get(..4).unwrap_or_default().to_owned();
    let address = format!("{}.{tail}{number}@{domain}", first.to_lowercase());
    Body {
        secrets: vec![(CanaryChannel::Mail, address.clone().into_bytes())],
        ..held(format!("{address}\n"), address)
    }
}
