//! Chromium without a window, driven by its chromedriver.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{empty_folder, free_port, lacks, wait};
use thirtyfour::{ChromiumLikeCapabilities as _, DesiredCapabilities};
use thirtyfour::{LoggingPrefsLogLevel, WebDriver};
use xtask_host::process::{Background, End, find, guarded};

/// Arguments of Chromium. It asks for no name but those of this machine, so whatever it would do in the
/// background reaches nobody. Over a pipe it ends with chromedriver.
const ARGUMENTS: [&str; 4] = [
    "--headless",
    "--remote-debugging-pipe",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost",
];

/// A browser with a profile of its own, ended with all that belongs to it when this is dropped.
pub(crate) struct Browser {
    // It is there until this is dropped.
    driver: Option<WebDriver>,
    process: Background,
    folder: PathBuf,
}

impl Browser {
    /// Starts one; where there is none, says so.
    pub(crate) async fn start() -> Option<Self> {
        // Those among which chromedriver looks for one.
        let chromium = find(&["chromium", "chromium-browser", "google-chrome"]);
        let (Some(chromedriver), Some(_)) = (find(&["chromedriver"]), chromium) else {
            lacks("it needs Chromium and chromedriver: apt-get install chromium chromium-driver");
            return None;
        };
        let port = free_port();
        let folder = empty_folder(&format!("browser-{port}"));
        let log = folder.join("chromedriver.log");
        let mut command = guarded(chromedriver, End::Kill);
        command
            .args([format!("--port={port}"), "--silent".to_owned()])
            .stdout(std::fs::File::create(&log).expect("a log"));
        let process = Background::start(&mut command).expect("chromedriver");
        let why = || format!("chromedriver does not start: {}", log.display());
        wait::blocking(Duration::from_secs(10), || wait::is_served(port), why);
        let mut chromium = DesiredCapabilities::chrome();
        let profile = format!("--user-data-dir={}", folder.join("profile").display());
        // Chromium refuses to run as root with it.
        let is_root = std::fs::metadata(&folder).is_ok_and(|folder| folder.uid() == 0);
        let sandbox = is_root.then_some("--no-sandbox");
        for argument in ARGUMENTS.into_iter().chain([&*profile]).chain(sandbox) {
            chromium.add_arg(argument).expect("an argument");
        }
        let everything = chromium.set_browser_log_level(LoggingPrefsLogLevel::All);
        everything.expect("a capability");
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), chromium).await;
        Some(Self {
            driver: Some(driver.expect("a session of Chromium")),
            process,
            folder,
        })
    }

    fn driver(&self) -> &WebDriver {
        self.driver.as_ref().expect("a session")
    }

    /// Opens a URL, and returns when it is loaded.
    pub(crate) async fn open(&self, url: &str) {
        self.driver().goto(url).await.expect("a page");
    }

    /// Runs the body of an async function in the page that is open, and returns its result. Its
    /// parameter `given` is the list of arguments.
    pub(crate) async fn run(&self, script: &str, arguments: &[Value]) -> Value {
        let script = format!("return (async given => {{ {script} }})(Array.from(arguments))");
        let result = self.driver().execute(script, arguments.to_vec()).await;
        result.expect("a script that ends").json().clone()
    }

    /// Calls `fetch` in the page that is open. Returns `status` and `body`, which is JSON or null, or
    /// `error`.
    pub(crate) async fn fetch(&self, url: &str, init: &Value) -> Value {
        let script = "try {
            const answer = await fetch(...given);
            const text = await answer.text();
            return { status: answer.status, body: text ? JSON.parse(text) : null };
        } catch (error) { return { error: String(error) }; }";
        self.run(script, &[json!(url), init.clone()]).await
    }

    /// The lines of the console since the last call, with what the browser itself reports there.
    pub(crate) async fn console(&self) -> Vec<String> {
        let lines = self.driver().browser_log().await.expect("a log");
        let lines = lines.into_iter();
        lines
            .map(|line| format!("{}: {}", line.level, line.message))
            .collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Killed with its driver, it need not be asked to end.
        let _ = self.driver.take().map(WebDriver::leak);
        self.process.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
