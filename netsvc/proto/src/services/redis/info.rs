//! INFO.

use super::{commands::Context, server};

/// The text of INFO for the sections asked for; none: the default ones.
pub(super) fn info(context: &Context<'_>, asked: &[Vec<u8>]) -> String {
    let asked: Vec<String> = asked.iter().map(|name| String::from_utf8_lossy(name).to_lowercase()).collect();
    let everything = asked.is_empty()
        || asked.iter().any(|name| matches!(name.as_str(), "all" | "default" | "everything"));
    let sections: [(&str, String); 9] = [
        ("server", server_section(context)),
        ("clients", clients(context)),
        ("memory", memory(context)),
        ("persistence", persistence(context)),
        ("stats", stats(context)),
        ("replication", replication(context)),
        ("cpu", "# CPU\r\nused_cpu_sys:312.418221\r\nused_cpu_user:287.902114\r\nused_cpu_sys_children:0.193425\r\nused_cpu_user_children:0.024311\r\n".to_owned()),
        ("cluster", "# Cluster\r\ncluster_enabled:0\r\n".to_owned()),
        ("keyspace", keyspace(context)),
    ];
    let shown = sections.iter().filter(|(name, _)| everything || asked.iter().any(|wanted| wanted == name));
    shown.map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\r\n")
}

fn server_section(context: &Context<'_>) -> String {
    let os = &context.host.persona().os;
    let uptime = (context.now - context.state.started_at).max(0) / 1_000_000;
    format!(
        "# Server\r\nredis_version:{}\r\nredis_git_sha1:00000000\r\nredis_git_dirty:0\r\nredis_build_id:{}\r\n\
         redis_mode:standalone\r\nos:Linux {} {}\r\narch_bits:64\r\nmultiplexing_api:epoll\r\n\
         atomicvar_api:c11-builtin\r\ngcc_version:{}\r\nprocess_id:{}\r\nrun_id:{}\r\ntcp_port:{}\r\n\
         uptime_in_seconds:{uptime}\r\nuptime_in_days:{}\r\nhz:10\r\nconfigured_hz:10\r\nlru_clock:{}\r\n\
         executable:/usr/bin/redis-server\r\nconfig_file:/etc/redis/redis.conf\r\n",
        server::version(context.host),
        build_id(&server::version(context.host)),
        os.kernel,
        os.machine,
        if server::major(context.host) >= 7 { "12.2.0" } else { "10.2.1" },
        context.state.pid,
        context.state.run_id,
        context.link.port,
        uptime / 86_400,
        (context.now / 1_000_000) & 0x00ff_ffff,
    )
}

/// Distributions build a release once, so the id follows from the version.
fn build_id(version: &str) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in version.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:x}")
}

fn clients(context: &Context<'_>) -> String {
    let seventh =
        if server::major(context.host) >= 7 { "cluster_connections:0\r\nmaxclients:10000\r\n" } else { "" };
    format!(
        "# Clients\r\nconnected_clients:1\r\n{seventh}client_recent_max_input_buffer:20480\r\n\
         client_recent_max_output_buffer:0\r\nblocked_clients:0\r\n"
    )
}

fn memory(context: &Context<'_>) -> String {
    let used = 860_632 + context.keys.bytes();
    let human =
        |bytes: usize| format!("{:.2}K", f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1024.0);
    let total = usize::try_from(context.host.persona().hardware.memory_kib).unwrap_or(0) * 1024;
    format!(
        "# Memory\r\nused_memory:{used}\r\nused_memory_human:{}\r\nused_memory_rss:11894784\r\n\
         used_memory_rss_human:11.34M\r\nused_memory_peak:{}\r\nused_memory_peak_human:{}\r\n\
         total_system_memory:{total}\r\nmaxmemory:0\r\nmaxmemory_human:0B\r\nmaxmemory_policy:noeviction\r\n\
         mem_fragmentation_ratio:12.95\r\nmem_allocator:jemalloc-5.2.1\r\nactive_defrag_running:0\r\n\
         lazyfree_pending_objects:0\r\n",
        human(used),
        used + 61_440,
        human(used + 61_440),
    )
}

fn persistence(context: &Context<'_>) -> String {
    format!(
        "# Persistence\r\nloading:0\r\nrdb_changes_since_last_save:{}\r\nrdb_bgsave_in_progress:0\r\n\
         rdb_last_save_time:{}\r\nrdb_last_bgsave_status:ok\r\nrdb_last_bgsave_time_sec:0\r\naof_enabled:0\r\n\
         aof_rewrite_in_progress:0\r\naof_last_bgrewrite_status:ok\r\naof_last_write_status:ok\r\n",
        context.keys.changes, context.state.saved_at
    )
}

fn stats(context: &Context<'_>) -> String {
    format!(
        "# Stats\r\ntotal_connections_received:{}\r\ntotal_commands_processed:{}\r\ninstantaneous_ops_per_sec:0\r\n\
         rejected_connections:0\r\nexpired_keys:0\r\nevicted_keys:0\r\nkeyspace_hits:0\r\nkeyspace_misses:0\r\n\
         pubsub_channels:0\r\npubsub_patterns:0\r\nlatest_fork_usec:0\r\n",
        context.state.connections, context.state.commands
    )
}

fn replication(context: &Context<'_>) -> String {
    let role = match &context.state.master {
        None => "role:master\r\nconnected_slaves:0\r\n".to_owned(),
        Some((host, port)) => format!(
            "role:slave\r\nmaster_host:{host}\r\nmaster_port:{port}\r\nmaster_link_status:down\r\n\
             master_last_io_seconds_ago:-1\r\nmaster_sync_in_progress:0\r\nslave_read_only:1\r\nconnected_slaves:0\r\n"
        ),
    };
    format!(
        "# Replication\r\n{role}master_failover_state:no-failover\r\nmaster_replid:{}\r\n\
         master_replid2:0000000000000000000000000000000000000000\r\nmaster_repl_offset:0\r\n\
         second_repl_offset:-1\r\nrepl_backlog_active:0\r\nrepl_backlog_size:1048576\r\n",
        context.state.replication_id
    )
}

fn keyspace(context: &Context<'_>) -> String {
    let lines: String = context
        .keys
        .summary()
        .iter()
        .map(|(number, keys, expires)| format!("db{number}:keys={keys},expires={expires},avg_ttl=0\r\n"))
        .collect();
    format!("# Keyspace\r\n{lines}")
}
