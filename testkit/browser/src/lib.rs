//! Chromium without a window, driven by its chromedriver.
//!
//! It panics where it cannot go on: it runs in tests only.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{empty_folder, free_port, lacks, wait};
use thirtyfour::extensions::query::ElementQueryable as _;
use thirtyfour::{By, ChromiumLikeCapabilities as _, DesiredCapabilities};
use thirtyfour::{LoggingPrefsLogLevel, WebDriver, WebElement};
use xtask_host::process::{Background, End, find, guarded};

/// Arguments of Chromium. It asks for no name but those of this machine, so whatever it would do in the
/// background reaches nobody. Over a pipe it ends with chromedriver.
const ARGUMENTS: [&str; 4] = [
    "--headless",
    "--remote-debugging-pipe",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost",
];

/// The logs of chromedriver: what the console shows, and what the browser does.
const CONSOLE: &str = "browser";
const EVENTS: &str = "performance";

/// A browser with a profile of its own, ended with all that belongs to it when this is dropped.
pub struct Browser {
    // It is there until this is dropped.
    driver: Option<WebDriver>,
    process: Background,
    folder: PathBuf,
}

impl Browser {
    /// Starts one; where there is none, says so.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start() -> Option<Self> {
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
        for log in [CONSOLE, EVENTS] {
            let all = chromium.set_logging_prefs(log, LoggingPrefsLogLevel::All);
            all.expect("a capability");
        }
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
    ///
    /// # Panics
    /// If there is no page.
    pub async fn open(&self, url: &str) {
        self.driver().goto(url).await.expect("a page");
    }

    /// Runs the body of an async function in the page that is open, and returns its result. Its
    /// parameter `given` is the list of arguments.
    ///
    /// # Panics
    /// If the script fails.
    pub async fn run(&self, script: &str, arguments: &[Value]) -> Value {
        let script = format!("return (async given => {{ {script} }})(Array.from(arguments))");
        let result = self.driver().execute(script, arguments.to_vec()).await;
        result.expect("a script that ends").json().clone()
    }

    /// Calls `fetch` in the page that is open. Returns `status` and `body`, which is JSON or null, or
    /// `error`.
    ///
    /// # Panics
    /// If that cannot be run.
    pub async fn fetch(&self, url: &str, init: &Value) -> Value {
        let script = "try {
            const answer = await fetch(...given);
            const text = await answer.text();
            return { status: answer.status, body: text ? JSON.parse(text) : null };
        } catch (error) { return { error: String(error) }; }";
        self.run(script, &[json!(url), init.clone()]).await
    }

    /// The lines of the console since the last call, with what the browser itself reports there.
    ///
    /// # Panics
    /// If there is no log.
    pub async fn console(&self) -> Vec<String> {
        let lines = self.driver().get_log(CONSOLE).await.expect("a log");
        let lines = lines.into_iter();
        lines
            .map(|line| format!("{}: {}", line.level, line.message))
            .collect()
    }

    /// The URLs of all requests over a network since the last call, also of those that were refused or
    /// got no answer.
    ///
    /// # Panics
    /// If there is no log.
    pub async fn requests(&self) -> Vec<String> {
        let events = self.driver().get_log(EVENTS).await.expect("a log");
        let url = |event: &str| {
            let event: Value = serde_json::from_str(event).expect("JSON");
            let event = event.get("message")?;
            let is_request = event.get("method")? == "Network.requestWillBeSent";
            let url = event.pointer("/params/request/url")?.as_str()?;
            // Not `data:` and not `chrome:`, of which the browser's own first page is.
            let is_network = url.starts_with("http") || url.starts_with("ws");
            (is_request && is_network).then(|| url.to_owned())
        };
        let urls = events.iter().filter_map(|event| url(&event.message));
        urls.collect()
    }

    /// Waits for an element that can be seen and used, by its XPath.
    async fn element(&self, path: &str) -> WebElement {
        let query = self.driver().query(By::XPath(path)).and_displayed();
        query.and_enabled().first().await.expect(path)
    }

    /// Clicks an element, once it is there. It is named by its XPath.
    ///
    /// # Panics
    /// If there is none.
    pub async fn click(&self, path: &str) {
        self.element(path).await.click().await.expect(path);
    }

    /// Types into an element, once it is there.
    ///
    /// # Panics
    /// If there is none.
    pub async fn write(&self, path: &str, text: &str) {
        self.element(path).await.send_keys(text).await.expect(path);
    }

    /// The text that an element shows, once it is there.
    ///
    /// # Panics
    /// If there is none.
    pub async fn text(&self, path: &str) -> String {
        self.element(path).await.text().await.expect(path)
    }

    /// Gives the page a size in pixels, and scales the pictures of it.
    ///
    /// # Panics
    /// If that cannot be done.
    pub async fn resize(&self, width: u32, height: u32, scale: f64) {
        let tools = self.driver().cdp();
        let emulation = tools.emulation();
        let done = emulation.set_device_metrics_override(width, height, scale, false);
        done.await.expect("a size");
    }

    /// Saves what the page shows as a PNG.
    ///
    /// # Panics
    /// If that cannot be done.
    pub async fn screenshot(&self, file: &Path) {
        let folder = file.parent().expect("a folder");
        std::fs::create_dir_all(folder).expect("a folder");
        self.driver().screenshot(file).await.expect("a picture");
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
