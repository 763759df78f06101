// SPDX-License-Identifier: Apache-2.0
// Stands for the decoders in a build without their libraries (ORRERY_MEDIA=OFF).
#include "core/data/media/media_codecs.h"

namespace orrery {

namespace {

Error unavailable(std::string_view name)
{
    return {ErrorCode::Unavailable,
            "Cannot read or write \"" + shownText(name) +
                "\": this program was built without the libraries for pictures and recordings.",
            "Build it with ORRERY_MEDIA=ON (libspng, libjpeg-turbo, libsndfile)."};
}

} // namespace

Result<Image> decodePng(std::string_view, std::string_view name, const MediaLimits &, MediaFacts &)
{
    return unavailable(name);
}

Result<Image> decodeJpeg(std::string_view, std::string_view name, const MediaLimits &, MediaFacts &)
{
    return unavailable(name);
}

Result<Audio> decodeSoundFile(std::string_view, std::string_view name, const MediaLimits &, MediaFacts &)
{
    return unavailable(name);
}

Result<std::string> encodePng(const Image &) { return unavailable("picture.png"); }

} // namespace orrery
