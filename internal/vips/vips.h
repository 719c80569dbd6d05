// The thin C layer over libvips: one function for each thing the engine does, nothing decided here.
//
// Every function that makes an image gives the caller a reference of its own and leaves its input alone.
// Functions that return int return 0 when done and -1 when libvips refused (see sr_error).
// Operations that a build of libvips may lack are called by name, so that one source links with each.

#ifndef STILLROOM_VIPS_H
#define STILLROOM_VIPS_H

#include <stddef.h>
#include <vips/vips.h>

// start.c: the library and the process.

int sr_start(void);
int sr_has_operation(const char *nickname);
int sr_has_argument(const char *nickname, const char *argument);
char *sr_error(void);
int sr_jemalloc(void);

// foreign.c: bytes to image and back. Options are libvips option strings, as in "[shrink=2]".

VipsImage *sr_load(const char *nickname, const void *data, size_t length, const char *options);
int sr_save(VipsImage *in, const char *nickname, const char *options, void **data, size_t *length);

// watch.c: stopping work on pixels from another thread.

typedef struct {
	int stop;        // set by sr_stop, read by the thread that works
	VipsImage *sink; // what is being computed; killed when stop is seen
} sr_watch;

void sr_watch_image(VipsImage *image, sr_watch *watch);
void sr_stop(sr_watch *watch);

// pixels.c: one function for each step.

int sr_cut(VipsImage *in, VipsImage **out, int x, int y, int width, int height);
int sr_scale(VipsImage *in, VipsImage **out, int width, int height);
int sr_mirror(VipsImage *in, VipsImage **out);
int sr_turn(VipsImage *in, VipsImage **out, int quarters);
int sr_embed(VipsImage *in, VipsImage **out, int x, int y, int width, int height);
int sr_flatten(VipsImage *in, VipsImage **out, int red, int green, int blue);
int sr_read(VipsImage *in);
int sr_to_memory(VipsImage *in, VipsImage **out);
int sr_join_frames(VipsImage **frames, int count, VipsImage **out);

// colour.c

int sr_to_8_bit(VipsImage *in, VipsImage **out);
int sr_to_space(VipsImage *in, VipsImage **out, VipsInterpretation space);
int sr_icc_to_srgb(VipsImage *in, VipsImage **out);
int sr_first_bands(VipsImage *in, VipsImage **out, int bands);

// metadata.c

int sr_detach(VipsImage *in, VipsImage **out);
int sr_strip(VipsImage *in, VipsImage **out, const char **keep);
int sr_forget(VipsImage *in, VipsImage **out, const char **fields);
int sr_int(VipsImage *image, const char *field, int otherwise);

#endif
