// compress.rs - the library from Rust, through its C interface.
//
//     rustc -L build -l static=pith -l m docs/examples/compress.rs
//     ./compress weights/default.pith 0.5 docs/examples/prompts/meeting.txt
use std::ffi::{c_char, c_int, c_void, CStr, CString};
use std::io::Write;
use std::{env, fs, mem, process, ptr, slice};

#[repr(C)]
struct Text {
    bytes: *const c_char,
    size: usize,
}

#[repr(C)]
struct Error {
    status: c_int,
    detail: [c_char; 512],
}

#[repr(C)]
struct Prompt {
    instruction: Text,
    contexts: *const Text,
    n_contexts: usize,
    question: Text,
}

// Structs grow at their end: what is needed of them is enough.
#[repr(C)]
struct Options {
    sizeof_options: usize,
    method: c_int,
    rate: f64,
    target: f64,
}

#[repr(C)]
struct PithResult {
    text: Text,
    origin_tokens: usize,
    compressed_tokens: usize,
}

extern "C" {
    fn pith_model_load(path: *const c_char, options: *const c_void,
                       model: *mut *mut c_void, error: *mut Error) -> c_int;
    fn pith_model_free(model: *mut c_void);
    fn pith_session_create(model: *const c_void, options: *const c_void,
                           session: *mut *mut c_void, error: *mut Error) -> c_int;
    fn pith_session_free(session: *mut c_void);
    fn pith_compress_options_init_sized(options: *mut Options, size: usize);
    fn pith_compress(session: *mut c_void, prompt: *const Prompt,
                     options: *const Options, result: *mut *mut PithResult,
                     error: *mut Error) -> c_int;
    fn pith_result_free(result: *mut PithResult);
}

struct Model(*mut c_void);

impl Drop for Model {
    fn drop(&mut self) {
        unsafe { pith_model_free(self.0) }
    }
}

struct Session(*mut c_void);

impl Drop for Session {
    fn drop(&mut self) {
        unsafe { pith_session_free(self.0) }
    }
}

fn check(status: c_int, error: &Error) -> Result<(), String> {
    if status == 0 {
        return Ok(());
    }
    let detail = unsafe { CStr::from_ptr(error.detail.as_ptr()) };
    Err(detail.to_string_lossy().into_owned())
}

/// The compressed text, and the tokens before and after.
fn compress(model_path: &str, rate: f64, text: &[u8]) -> Result<(Vec<u8>, usize, usize), String> {
    let path = CString::new(model_path).map_err(|e| e.to_string())?;
    let empty = || Text { bytes: ptr::null(), size: 0 };
    let context = Text { bytes: text.as_ptr().cast(), size: text.len() };
    let prompt = Prompt { instruction: empty(), contexts: &context, n_contexts: 1,
                          question: empty() };
    unsafe {
        let mut error: Error = mem::zeroed();
        let mut options: Options = mem::zeroed();
        pith_compress_options_init_sized(&mut options, mem::size_of::<Options>());
        options.rate = rate;

        let mut model = Model(ptr::null_mut());
        let status = pith_model_load(path.as_ptr(), ptr::null(), &mut model.0, &mut error);
        check(status, &error)?;
        let mut session = Session(ptr::null_mut());
        let status = pith_session_create(model.0, ptr::null(), &mut session.0, &mut error);
        check(status, &error)?;
        let mut result = ptr::null_mut();
        let status = pith_compress(session.0, &prompt, &options, &mut result, &mut error);
        check(status, &error)?;
        let made = &*result;
        let mut short = Vec::new();
        if made.text.size > 0 {
            short.extend_from_slice(slice::from_raw_parts(made.text.bytes.cast::<u8>(),
                                                          made.text.size));
        }
        let counts = (made.origin_tokens, made.compressed_tokens);
        pith_result_free(result);
        drop(session); // before its model
        Ok((short, counts.0, counts.1))
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    let rate = arguments[2].parse().map_err(|e| format!("{}: {}", arguments[2], e))?;
    let mut text = fs::read(&arguments[3]).map_err(|e| format!("{}: {}", arguments[3], e))?;
    while matches!(text.last(), Some(b'\n' | b'\r')) {
        text.pop();
    }
    let (mut short, before, after) = compress(&arguments[1], rate, &text)?;
    short.push(b'\n');
    std::io::stdout().write_all(&short).map_err(|e| e.to_string())?;
    eprintln!("{} of {} tokens", after, before);
    Ok(())
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if arguments.len() != 4 {
        eprintln!("usage: {} MODEL.pith RATE FILE", arguments[0]);
        process::exit(2);
    }
    if let Err(error) = run(&arguments) {
        eprintln!("{}", error);
        process::exit(1);
    }
}
