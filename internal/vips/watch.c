#include "vips.h"

// on_eval runs in the thread that computes, a few times for each strip of pixels.
static void on_eval(VipsImage *image, VipsProgress *progress, sr_watch *watch) {
	(void) progress;
	if (!__atomic_load_n(&watch->stop, __ATOMIC_ACQUIRE))
		return;
	vips_image_set_kill(image, TRUE);
	// Progress is told to the first watched image of a pipeline, but a sink asks only its own input
	// whether to go on; they differ once pixels have been copied to memory on the way.
	if (watch->sink != NULL)
		vips_image_set_kill(watch->sink, TRUE);
}

// sr_watch_image makes work on the image, and on whatever is made of it, stop soon after sr_stop. Encoders
// that want all pixels first (AVIF, WebP, GIF) stop only until they have them.
void sr_watch_image(VipsImage *image, sr_watch *watch) {
	vips_image_set_progress(image, TRUE);
	g_signal_connect(image, "eval", G_CALLBACK(on_eval), watch);
}

// sr_stop may be called from any thread.
void sr_stop(sr_watch *watch) { __atomic_store_n(&watch->stop, 1, __ATOMIC_RELEASE); }
