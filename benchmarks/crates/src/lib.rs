//! Quantizers written in Rust, each as a C function from pixels to a palette and indices.
//!
//! `pixels` are RGB, (height, width, 3); `palette` has room for `k` RGB colours, and `indices` for
//! (height, width). Each returns how many colours there are, or -1 where the crate refuses.

use std::slice::{from_raw_parts, from_raw_parts_mut};

use imagequant::{Attributes, RGBA};
use quantette::deps::palette::{Srgb, cast};
use quantette::dither::FloydSteinberg;
use quantette::{ImageRef, PaletteSize, Pipeline, QuantizeMethod};
use rscolorq::{FilterSize, Matrix2d, Params, color::Rgb, spatial_color_quant};

/// What a function is given, and where its result goes.
#[repr(C)]
pub struct Job {
    pixels: *const u8,
    width: usize,
    height: usize,
    k: usize,
    palette: *mut u8,
    indices: *mut u8,
}

impl Job {
    fn pixels(&self) -> &[[u8; 3]] {
        unsafe { from_raw_parts(self.pixels.cast(), self.width * self.height) }
    }

    fn palette(&mut self) -> &mut [[u8; 3]] {
        unsafe { from_raw_parts_mut(self.palette.cast(), self.k) }
    }

    fn indices(&mut self) -> &mut [u8] {
        unsafe { from_raw_parts_mut(self.indices, self.width * self.height) }
    }
}

fn count(done: Option<usize>) -> i32 {
    done.and_then(|n| i32::try_from(n).ok()).unwrap_or(-1)
}

fn imagequant(job: &mut Job, speed: i32, dithering: f32) -> Option<usize> {
    let mut options = Attributes::new();
    options.set_max_colors(job.k as u32).ok()?;
    options.set_speed(speed).ok()?;
    let pixels: Vec<RGBA> = job.pixels().iter().map(|&[r, g, b]| RGBA::new(r, g, b, 255)).collect();
    let mut image = options.new_image(pixels, job.width, job.height, 0.0).ok()?;
    let mut result = options.quantize(&mut image).ok()?;
    result.set_dithering_level(dithering).ok()?;
    let (palette, indices) = result.remapped(&mut image).ok()?;
    job.indices().copy_from_slice(&indices);
    for (to, from) in job.palette().iter_mut().zip(&palette) {
        *to = [from.r, from.g, from.b];
    }
    Some(palette.len())
}

fn quantette(job: &mut Job, kmeans: bool, dithered: bool) -> Option<usize> {
    let pixels: &[Srgb<u8>] = cast::from_array_slice(job.pixels());
    let image = ImageRef::new(job.width as u32, job.height as u32, pixels).ok()?;
    let method = if kmeans { QuantizeMethod::kmeans() } else { QuantizeMethod::Wu };
    let made = Pipeline::new()
        .palette_size(PaletteSize::try_from(job.k as u16).ok()?)
        .quantize_method(method)
        .ditherer(dithered.then(FloydSteinberg::new))
        .parallel(true)
        .input_image(image)
        .output_srgb8_indexed_image();
    job.indices().copy_from_slice(made.indices());
    for (to, from) in job.palette().iter_mut().zip(made.palette()) {
        *to = [from.red, from.green, from.blue];
    }
    Some(made.palette().len())
}

fn rscolorq(job: &mut Job) -> Option<usize> {
    let (width, height) = (job.width, job.height);
    let image = job.pixels().iter().map(|&[r, g, b]| Rgb {
        red: f64::from(r) / 255.0,
        green: f64::from(g) / 255.0,
        blue: f64::from(b) / 255.0,
    });
    let image = Matrix2d::from_vec(image.collect(), width, height);
    let mut options = Params::new();
    options
        .palette_size(u8::try_from(job.k).ok()?)
        .filter_size(FilterSize::Three)
        .seed(Some(0))
        .dithering_level_auto(width as u32, height as u32, job.k);
    options.verify_parameters().ok()?;
    let mut indices = Matrix2d::new(width, height);
    let mut palette = Vec::with_capacity(job.k);
    spatial_color_quant(&image, &mut indices, &mut palette, &options).ok()?;
    job.indices().copy_from_slice(&indices.into_raw_vec());
    for (to, from) in job.palette().iter_mut().zip(&palette) {
        *to = [from.red, from.green, from.blue].map(|level| (255.0 * level).round() as u8);
    }
    Some(palette.len())
}

/// # Safety
/// The job's pointers must lead to as much as its sizes say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rival_imagequant(job: &mut Job, speed: i32, dithered: bool) -> i32 {
    count(imagequant(job, speed, if dithered { 1.0 } else { 0.0 }))
}

/// # Safety
/// The job's pointers must lead to as much as its sizes say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rival_quantette(job: &mut Job, kmeans: bool, dithered: bool) -> i32 {
    count(quantette(job, kmeans, dithered))
}

/// # Safety
/// The job's pointers must lead to as much as its sizes say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rival_rscolorq(job: &mut Job) -> i32 {
    count(rscolorq(job))
}
