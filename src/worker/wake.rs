//! The way back from JavaScript: a function that wakes a task.

use std::cell::Cell;
use std::rc::Rc;
use std::task::{Context, Waker};

use worker::js_sys::Function;
use worker::wasm_bindgen::{JsCast as _, closure::Closure};

/// A JavaScript function that wakes the task that waits.
///
/// It serves all waits of an object. A `JsFuture` makes two closures for each wait, and each closure
/// is registered for garbage collection.
pub(super) struct Wake {
    state: Rc<State>,
    closure: Closure<dyn FnMut()>,
}

#[derive(Default)]
struct State {
    is_called: Cell<bool>,
    waker: Cell<Option<Waker>>,
}

impl Wake {
    pub(super) fn new() -> Self {
        let state = Rc::<State>::default();
        let called = state.clone();
        let closure = Closure::wrap_assert_unwind_safe(Box::new(move || {
            called.is_called.set(true);
            if let Some(waker) = called.waker.take() {
                waker.wake();
            }
        }) as Box<dyn FnMut()>);
        Self { state, closure }
    }

    /// Whether JavaScript has ever called the function.
    pub(super) fn is_called(&self) -> bool {
        self.state.is_called.get()
    }

    /// The function. JavaScript must not call it after this is dropped.
    pub(super) fn function(&self) -> &Function {
        self.closure.as_ref().unchecked_ref()
    }

    /// Makes a task the one that waits.
    pub(super) fn wait(&self, context: &Context<'_>) {
        self.state.waker.set(Some(context.waker().clone()));
    }
}
