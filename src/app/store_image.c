#include "app/migrations.h"
#include "core/embedded.h"

/* Made by image_maker.c. */
extern const struct embedded embedded_store_image[];

const struct embedded *app_store_image(void)
{
	return embedded_store_image;
}
