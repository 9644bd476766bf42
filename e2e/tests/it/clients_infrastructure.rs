//! Brokers and engines with their own clients: what the client sees and what is stored agree.

use crate::fleet::{Fleet, client, have, printed};

fn mosquitto(tool: &str, fleet: &Fleet, words: &[&str]) -> String {
    let ip = fleet.ip(0);
    let mut arguments = vec!["-h", &ip, "-p", "11883"];
    arguments.extend(words);
    printed(&client(tool, &arguments))
}

#[test]
fn mosquitto_clients_publish_subscribe_and_see_the_place() {
    if !have("mosquitto_sub", "mosquitto-clients") || !have("nmap", "nmap") {
        return;
    }
    let fleet = Fleet::deploy_config(
        96,
        "[general]\nnet = 127.96.0.0/16\nseed = e2e\n\n[broker]\nip = 127.96.1.0\n\
         distro = debian\nservices = mqtt\n\n[broker.mqtt]\nanonymous = yes\nplace = water\n\n\
         [closed]\nlogin = accept-after=2\nip = 127.96.1.1\ndistro = debian\n\
         services = mqtt\n\n[closed.mqtt]\nanonymous = no\n",
    );
    for version in ["mqttv31", "mqttv311", "mqttv5"] {
        let topic = format!("e2e/{version}");
        let sent =
            mosquitto("mosquitto_pub", &fleet, &["-V", version, "-t", &topic, "-m", "on", "-q", "2", "-r"]);
        assert_eq!(sent, "", "{version}");
        let got =
            mosquitto("mosquitto_sub", &fleet, &["-V", version, "-t", "e2e/+", "-C", "1", "-W", "10", "-v"]);
        assert!(got.contains(" on\n"), "{version}: {got}");
        fleet.wait_for_text("command", "command", &format!("PUBLISH {topic} qos2 retain"));
    }
    let own = mosquitto("mosquitto_sub", &fleet, &["-t", "$SYS/broker/version", "-C", "1", "-W", "10"]);
    assert!(own.starts_with("mosquitto version 2.0.11"), "{own}");
    let moving = mosquitto("mosquitto_sub", &fleet, &["-t", "scada/#", "-C", "12", "-W", "30", "-v"]);
    assert!(moving.contains("scada/intake/pump1/flow ") && moving.lines().count() == 12, "{moving}");

    let login = |user: &str, password: &str| {
        let (ip, topic) = (fleet.ip(1), ["-t", "a", "-m", "b", "-q", "1"]);
        let mut words = vec!["-h", &ip, "-p", "11883", "-u", user, "-P", password];
        words.extend(topic);
        printed(&client("mosquitto_pub", &words))
    };
    assert!(login("admin", "first").contains("not authorised"));
    assert_eq!(login("admin", "second"), "");
    fleet.wait_for_text("auth_attempt", "secret_printable", "second");
    // On a port that is not its own, the script has to be told to run.
    let scan = ["-Pn", "-sT", "-p", "11883", "--script", "+mqtt-subscribe", &fleet.ip(0)];
    let seen = printed(&client("nmap", &scan));
    assert!(seen.contains("mosquitto version 2.0.11"), "{seen}");
}
