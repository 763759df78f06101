// SPDX-License-Identifier: Apache-2.0
// A small model of text, pictures and recordings, and files for it.
#pragma once

#include "core/data/media/media_files.h"
#include "core/infer/text_generator.h"
#include "tests/infer/tiny_run.h"

#include <torch/types.h>

namespace orrery::test {

inline RunSpec mediaSpec(int64_t modalities = 3)
{
    RunSpec spec = tinySpec();
    spec.model.layers = 2;
    spec.model.context = 48;
    spec.model.attention.numModalities = modalities;
    spec.model.media.imageSize = 16;
    spec.model.media.patchSize = 8;
    spec.model.media.audioTokens = 6;
    return spec;
}

inline LoadedModel mediaModel(int64_t modalities = 3)
{
    const RunSpec spec = mediaSpec(modalities);
    LoadedModel loaded;
    loaded.model = tinyModel(spec, 5);
    // Pictures must be able to speak: their weights begin too small for that.
    for (nn::Parameter &parameter : loaded.model->parameters())
        if (parameter.name.find("embedding.image") == 0 || parameter.name.find("embedding.audio") == 0) {
            const torch::NoGradGuard guard;
            parameter.master.mul_(10);
        }
    loaded.model->mastersChanged();
    loaded.tokenizer = std::move(Tokenizer::create(spec.data)).value();
    loaded.data = spec.data;
    loaded.info.name = "seer";
    return loaded;
}

inline std::string pictureOf(uint8_t grey)
{
    Image image{16, 16, std::vector<uint8_t>(16 * 16 * 3, grey)};
    for (size_t i = 0; i < 200; ++i) image.rgb[i] = static_cast<uint8_t>(i);
    return encodePng(image).value();
}

inline std::string recordingOf(double seconds, float level = 0.5f)
{
    Audio audio{8000, {}};
    for (int i = 0; i < int(seconds * 8000); ++i) audio.samples.push_back(level * float(i % 40) / 40.0f);
    return encodeWav(audio);
}

} // namespace orrery::test
