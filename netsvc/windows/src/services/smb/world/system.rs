//! The system's own files and the profiles of its people. Sizes are those of Windows 10 and its servers.

use super::{Age, Builder, attribute};

/// Programs in `System32`.
const PROGRAMS: &[(&str, u64)] = &[
    ("cmd.exe", 278_528),
    ("powercfg.exe", 97_280),
    ("net.exe", 59_904),
    ("net1.exe", 182_784),
    ("ipconfig.exe", 35_840),
    ("whoami.exe", 71_680),
    ("tasklist.exe", 106_496),
    ("taskkill.exe", 104_960),
    ("schtasks.exe", 235_008),
    ("sc.exe", 72_192),
    ("reg.exe", 77_312),
    ("rundll32.exe", 71_680),
    ("regsvr32.exe", 25_088),
    ("svchost.exe", 55_320),
    ("services.exe", 714_856),
    ("lsass.exe", 59_976),
    ("winlogon.exe", 907_776),
    ("spoolsv.exe", 822_272),
    ("notepad.exe", 201_216),
    ("mmc.exe", 1_854_976),
    ("certutil.exe", 1_651_712),
    ("bitsadmin.exe", 213_504),
    ("wevtutil.exe", 189_440),
    ("vssadmin.exe", 144_384),
    ("kernel32.dll", 772_080),
    ("ntdll.dll", 2_024_568),
    ("user32.dll", 1_706_944),
    ("advapi32.dll", 701_440),
    ("ws2_32.dll", 431_600),
    ("samsrv.dll", 1_044_992),
    ("lsasrv.dll", 1_701_376),
    ("ntoskrnl.exe", 10_833_208),
    ("drivers/srv2.sys", 779_264),
    ("drivers/tcpip.sys", 2_995_552),
    ("drivers/ntfs.sys", 2_817_336),
    ("WindowsPowerShell/v1.0/powershell.exe", 452_608),
    ("wbem/WmiPrvSE.exe", 499_712),
    ("config/DEFAULT", 524_288),
    ("config/SAM", 65_536),
    ("config/SECURITY", 65_536),
    ("config/SOFTWARE", 78_905_344),
    ("config/SYSTEM", 16_252_928),
    ("winevt/Logs/Application.evtx", 20_975_616),
    ("winevt/Logs/Security.evtx", 20_975_616),
    ("winevt/Logs/System.evtx", 20_975_616),
];

/// Programs elsewhere.
const OTHERS: &[(&str, u64)] = &[
    ("/Windows/explorer.exe", 4_628_280),
    ("/Windows/regedit.exe", 370_176),
    ("/Windows/notepad.exe", 201_216),
    ("/Windows/SysWOW64/cmd.exe", 232_960),
    ("/Windows/SysWOW64/ntdll.dll", 1_681_984),
    ("/Program Files/Internet Explorer/iexplore.exe", 823_256),
    ("/Program Files/Windows Defender/MsMpEng.exe", 103_384),
    ("/Program Files/Common Files/microsoft shared/ink/TabTip.exe", 435_712),
    ("/Program Files (x86)/Internet Explorer/iexplore.exe", 817_624),
];

const FOLDERS: &[&str] = &[
    "/PerfLogs",
    "/ProgramData/Microsoft/Windows/Start Menu/Programs/StartUp",
    "/Users/Public/Documents",
    "/Users/Public/Downloads",
    "/Windows/Temp",
    "/Windows/Prefetch",
    "/Windows/debug",
    "/Windows/System32/Tasks/Microsoft/Windows",
    "/Windows/System32/spool/drivers/x64/3",
];

const HOSTS: &str = "# Copyright (c) 1993-2009 Microsoft Corp.\n#\n# This is a sample HOSTS file used by \
    Microsoft TCP/IP \
    for Windows.\n#\n# localhost name resolution is handled within DNS itself.\n#\t127.0.0.1       \
    localhost\n#\t::1\
    \x20            localhost\n";
const UNATTEND: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<unattend \
    xmlns=\"urn:schemas-microsoft-com:unattend\">\n  <settings pass=\"oobeSystem\">\n    <component \
    name=\"Microsoft-Windows-Shell-Setup\" processorArchitecture=\"amd64\">\n      <UserAccounts>\n        \
    <AdministratorPassword>*SENSITIVE*DATA*DELETED*</AdministratorPassword>\n      </UserAccounts>\n      \
    <RegisteredOrganization>{domain}</RegisteredOrganization>\n    </component>\n  </settings>\n</unattend>\n";
const IIS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<configuration>\n  <connectionStrings>\n    \
    <add \
    name=\"Main\" connectionString=\"Server=sql01.{domain};Database=Intranet;User Id=web;Password={word}\" \
    />\n  \
    </connectionStrings>\n</configuration>\n";
const LOGON: &str = "@echo off\nnet use * /delete /y >nul\nnet use S: \\\\{host}\\{share} /persistent:no\n\
    net time \
    \\\\{host} /set /yes\n";
const POLICY: &str = "[General]\nVersion=65537\ndisplayName=New Group Policy Object\n";
const HISTORY: &str = "Get-Service | where Status -ne Running\nipconfig /all\nTest-NetConnection \
    sql01.{domain} -Port \
    1433\nnet use Z: \\\\{host}\\C$ /user:{netbios}\\{admin}\nrobocopy \
    D:\\Daten \\\\nas01.{domain}\\backup /MIR \
    /R:1 /W:1\nInvoke-Command -ComputerName sql01 {{ Restart-Service MSSQLSERVER }}\n";

/// Puts the system in its place.
pub(super) fn build(builder: &mut Builder<'_>) {
    let hidden = attribute::HIDDEN | attribute::SYSTEM;
    for folder in ["/$Recycle.Bin", "/System Volume Information", "/Recovery"] {
        builder.folder(folder, attribute::DIRECTORY | hidden);
    }
    builder.folder("/ProgramData", attribute::DIRECTORY | attribute::HIDDEN);
    builder.folder("/Users", attribute::DIRECTORY | attribute::READ_ONLY);
    builder.folder("/Program Files", attribute::DIRECTORY | attribute::READ_ONLY);
    for folder in FOLDERS {
        builder.folder(folder, attribute::DIRECTORY);
    }
    let memory = builder.persona.hardware.memory_kib.next_multiple_of(262_144) * 1024;
    builder.made("/pagefile.sys", memory / 4, hidden | attribute::ARCHIVE, Age::Worked);
    for (name, size) in PROGRAMS {
        let age = if name.contains("config/") || name.ends_with("evtx") { Age::Worked } else { Age::Made };
        builder.made(&format!("/Windows/System32/{name}"), *size, attribute::ARCHIVE, age);
    }
    for (path, size) in OTHERS {
        builder.made(path, *size, attribute::ARCHIVE, Age::Made);
    }
    builder.text(
        "/Windows/win.ini",
        "; for 16-bit app support\n[fonts]\n[extensions]\n[mci extensions]\n[files]\n[Mail]\nMAPI=1\n",
        Age::Made,
    );
    builder.text(
        "/Windows/system.ini",
        "; for 16-bit app support\n[386Enh]\nwoafont=dosapp.fon\n\
    EGA80WOA.FON=EGA80WOA.FON\n\n[drivers]\nwave=mmdrv.dll\ntimer=timer.drv\n\n[mci]\n",
        Age::Made,
    );
    builder.text("/Windows/System32/drivers/etc/hosts", HOSTS, Age::Made);
    builder.text("/Windows/Panther/unattend.xml", UNATTEND, Age::Installed);
    if builder.persona.products.contains_key("http") {
        builder.text("/inetpub/wwwroot/iisstart.htm", "<html></html>\n", Age::Installed);
        builder.text("/inetpub/wwwroot/web.config", IIS, Age::Worked);
        builder.folder("/inetpub/logs/LogFiles/W3SVC1", attribute::DIRECTORY);
    }
    if builder.persona.os.family == "windows_server" {
        domain(builder);
    }
    people(builder);
}

/// What a domain controller replicates.
fn domain(builder: &mut Builder<'_>) {
    let root = format!("/Windows/SYSVOL/sysvol/{}", builder.persona.domain);
    builder.text(&format!("{root}/SCRIPTS/logon.bat"), LOGON, Age::Worked);
    for policy in ["{31B2F340-016D-11D2-945F-00C04FB984F9}", "{6AC1786C-016F-11D2-945F-00C04fB984F9}"] {
        builder.text(&format!("{root}/Policies/{policy}/GPT.INI"), POLICY, Age::Worked);
        builder.folder(&format!("{root}/Policies/{policy}/USER"), attribute::DIRECTORY);
        let template = format!("{root}/Policies/{policy}/MACHINE/Microsoft/Windows NT/SecEdit/GptTmpl.inf");
        let text = "[Unicode]\nUnicode=yes\n[System Access]\nMinimumPasswordAge = 1\nMaximumPasswordAge = 42\n\
            MinimumPasswordLength = 7\nPasswordComplexity = 1\nLockoutBadCount = 0\n";
        builder.text(&template, text, Age::Installed);
    }
}

fn people(builder: &mut Builder<'_>) {
    let users: Vec<String> = builder.persona.users.iter().map(|user| user.name.clone()).collect();
    for (place, name) in users.iter().enumerate() {
        let home = format!("/Users/{name}");
        for folder in ["Desktop", "Documents", "Downloads", "AppData/Local/Temp", "AppData/Roaming"] {
            builder.folder(&format!("{home}/{folder}"), attribute::DIRECTORY);
        }
        builder.made(
            &format!("{home}/NTUSER.DAT"),
            1_572_864,
            attribute::HIDDEN | attribute::ARCHIVE,
            Age::Worked,
        );
        if place == 0 {
            let history = "AppData/Roaming/Microsoft/Windows/PowerShell/PSReadLine/ConsoleHost_history.txt";
            builder.text(&format!("{home}/{history}"), HISTORY, Age::Worked);
        }
    }
}
