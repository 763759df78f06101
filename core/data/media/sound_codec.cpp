// SPDX-License-Identifier: Apache-2.0
#include "core/data/media/media_codecs.h"

#include "core/base/text.h"

#include <sndfile.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>

namespace orrery {

namespace {

constexpr sf_count_t kBlockFrames = 4096;
constexpr uint64_t kMaxReserve = 1u << 20; ///< samples allocated on a header's word alone

/// A file in memory for the library.
struct MemoryFile {
    std::string_view bytes;
    sf_count_t at = 0;
};

sf_count_t fileLength(void *user)
{
    return static_cast<sf_count_t>(static_cast<MemoryFile *>(user)->bytes.size());
}

sf_count_t fileSeek(sf_count_t offset, int whence, void *user)
{
    auto *file = static_cast<MemoryFile *>(user);
    const sf_count_t size = fileLength(user);
    const sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file->at : size;
    if (offset < -base || offset > size - base) return -1;
    return file->at = base + offset;
}

sf_count_t fileRead(void *to, sf_count_t count, void *user)
{
    auto *file = static_cast<MemoryFile *>(user);
    const sf_count_t taken = std::clamp<sf_count_t>(count, 0, fileLength(user) - file->at);
    std::memcpy(to, file->bytes.data() + file->at, static_cast<size_t>(taken));
    file->at += taken;
    return taken;
}

sf_count_t fileWrite(const void *, sf_count_t, void *) { return 0; }
sf_count_t fileTell(void *user) { return static_cast<MemoryFile *>(user)->at; }

struct SoundCloser {
    void operator()(SNDFILE *file) const { sf_close(file); }
};
using Sound = std::unique_ptr<SNDFILE, SoundCloser>;

int64_t bitsOf(int encoding)
{
    switch (encoding) {
    case SF_FORMAT_PCM_S8:
    case SF_FORMAT_PCM_U8:
    case SF_FORMAT_ULAW:
    case SF_FORMAT_ALAW:
        return 8;
    case SF_FORMAT_PCM_16:
        return 16;
    case SF_FORMAT_PCM_24:
        return 24;
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_FLOAT:
        return 32;
    case SF_FORMAT_DOUBLE:
        return 64;
    default:
        return 0;
    }
}

Result<void> checkInfo(std::string_view name, const SF_INFO &info, const MediaLimits &limits)
{
    const int type = info.format & SF_FORMAT_TYPEMASK;
    if (type != SF_FORMAT_WAV && type != SF_FORMAT_WAVEX && type != SF_FORMAT_FLAC)
        return mediaError(name, {"its content is of another kind", "WAV or FLAC"},
                          "Convert the recording to WAV or FLAC.");
    if (bitsOf(info.format & SF_FORMAT_SUBMASK) == 0)
        return mediaError(
            name, {"its samples are compressed in a way that is not read here", "PCM, float, µ-law or A-law"},
            "Convert the recording to 16-bit PCM WAV or to FLAC.");
    if (info.channels < 1 || info.channels > limits.maxChannels)
        return mediaError(name,
                          {"it has " + std::to_string(info.channels) + " channels",
                           "1 to " + std::to_string(limits.maxChannels)},
                          "Mix it down to one or two channels.");
    if (info.samplerate < limits.minRate || info.samplerate > limits.maxRate)
        return mediaError(name,
                          {"it has " + std::to_string(info.samplerate) + " samples per second",
                           std::to_string(limits.minRate) + " to " + std::to_string(limits.maxRate)},
                          "Convert the recording to 8,000 to 48,000 samples per second.");
    return {};
}

Error tooLong(std::string_view name, uint64_t frames, const MediaLimits &limits)
{
    return mediaError(name,
                      {"it has " + std::to_string(frames) + " samples or more",
                       "at most " + std::to_string(limits.maxFrames)},
                      "Cut the recording into parts.");
}

/// How loud the samples of all channels are, before they are cut.
struct Levels {
    float peak = 0;
    uint64_t numBeyond = 0;
    uint64_t numHeard = 0; ///< those that are not 0
};

/// Averages the channels of a block and cuts to full scale. @return index of the first sample that is no
/// number, or -1
ptrdiff_t appendMono(const float *frames, sf_count_t count, int channels, std::vector<float> &out,
                     Levels &levels)
{
    for (sf_count_t i = 0; i < count; ++i) {
        double sum = 0;
        for (int c = 0; c < channels; ++c) {
            const float value = frames[i * channels + c];
            if (!std::isfinite(value)) return static_cast<ptrdiff_t>(out.size());
            const float level = std::abs(value);
            levels.peak = std::max(levels.peak, level);
            levels.numBeyond += level > kFullScale;
            levels.numHeard += level > 0;
            sum += std::clamp(value, -1.0f, 1.0f);
        }
        out.push_back(static_cast<float>(sum / channels));
    }
    return -1;
}

/// Some loud moments of a recorder of floats may be cut. Where most is beyond full scale, the numbers are no
/// shares of it: cut, they are a rectangle without the sound (SciPy and others write whole numbers as floats
/// as they stand).
Result<void> checkLevels(std::string_view name, const Levels &levels)
{
    if (levels.numBeyond <= levels.numHeard / 2) return {};
    return mediaError(
        name,
        {std::to_string(levels.numBeyond) + " of its " + std::to_string(levels.numHeard) +
             " samples that are not 0 are beyond full scale, up to " + formatSignificant(levels.peak, 4),
         "samples from -1 to 1"},
        "Divide its samples by the largest that they may be, or write them as 16-bit whole numbers.");
}

} // namespace

Result<Audio> decodeSoundFile(std::string_view bytes, std::string_view name, const MediaLimits &limits,
                              MediaFacts &facts)
{
    auto broken = [&](const std::string &found) {
        return mediaError(name, {found, std::string("a whole ") + fileKindName(facts.kind) + " file"},
                          "Copy or convert the recording again.");
    };
    MemoryFile memory{bytes, 0};
    SF_VIRTUAL_IO io = {fileLength, fileSeek, fileRead, fileWrite, fileTell};
    SF_INFO info = {};
    const Sound sound(sf_open_virtual(&io, SFM_READ, &info, &memory));
    if (!sound) return broken("the recording is broken (" + shownText(sf_strerror(nullptr)) + ")");
    ORRERY_TRY(checkInfo(name, info, limits));
    facts.numChannels = info.channels;
    facts.bitsPerSample = bitsOf(info.format & SF_FORMAT_SUBMASK);
    const auto promised = static_cast<uint64_t>(std::max<sf_count_t>(info.frames, 0));
    const bool isLengthKnown = info.frames != SF_COUNT_MAX && promised > 0;
    if (isLengthKnown && promised > limits.maxFrames) return tooLong(name, promised, limits);
    Audio audio{info.samplerate, {}};
    audio.samples.reserve(std::min<uint64_t>(isLengthKnown ? promised : 0, kMaxReserve));
    Levels levels;
    std::vector<float> block(static_cast<size_t>(kBlockFrames) * static_cast<size_t>(info.channels));
    while (true) {
        const sf_count_t count = sf_readf_float(sound.get(), block.data(), kBlockFrames);
        if (count <= 0) break;
        const ptrdiff_t bad = appendMono(block.data(), count, info.channels, audio.samples, levels);
        if (bad >= 0)
            return mediaError(name,
                              {"sample " + std::to_string(bad) + " is NaN or infinite", "finite samples"},
                              "Export the recording as 16-bit PCM.");
        if (audio.samples.size() > limits.maxFrames) return tooLong(name, audio.samples.size(), limits);
    }
    if (sf_error(sound.get()) != SF_ERR_NO_ERROR)
        return broken("the recording is broken behind sample " + std::to_string(audio.samples.size()) + " (" +
                      shownText(sf_strerror(sound.get())) + ")");
    if (isLengthKnown && audio.samples.size() < promised)
        return broken("the file is cut off: it says " + std::to_string(promised) + " samples, and " +
                      std::to_string(audio.samples.size()) + " are there");
    if (audio.samples.empty())
        return mediaError(name, {"there is no sample in it", "one at least"}, "Choose another recording.");
    facts.peak = levels.peak;
    facts.numBeyondScale = levels.numBeyond;
    ORRERY_TRY(checkLevels(name, levels));
    return audio;
}

} // namespace orrery
