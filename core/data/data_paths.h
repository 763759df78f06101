// SPDX-License-Identifier: Apache-2.0
// What data.path may name beside text: a generator, a manifest, a single picture or recording. One place that
// decides, for training, the command line and the desktop. Any thread.
#pragma once

#include "core/data/media/front_end.h"
#include "core/data/multimodal/description.h"
#include "core/data/token_shards.h"
#include "core/data/world/generator_path.h"
#include "core/spec/run_spec.h"

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace orrery {

enum class DataPathKind : uint8_t {
    Text,      ///< text, a folder, JSONL with text, messages or tokens: prepareData; also what cannot be read
    Generator, ///< gen:…
    Manifest,  ///< records that are lists of parts, one a line, whatever the file's name
    Media,     ///< a single file that is no text: a picture, a recording or something unknown
};
/// By the name and the first bytes. Never fails: what cannot be read is Text, whose reader says why.
DataPathKind dataPathKind(const std::string &path);

/// Why the model of a spec cannot read its data, and the setting with which it could.
struct ModalityMismatch {
    std::string key; ///< "attention.num_modalities" or "media.audio_tokens"
    int64_t value = 0;
    Error error; ///< InvalidInput, or why there are no data to read at all
};
/// What a generator or a manifest has that no model of text reads, behind "it": "has pictures or recordings".
std::string partsText(const std::string &path, DataPathKind kind);
/// A model of text reads text, one of several modalities a manifest or a generator.
std::optional<ModalityMismatch> modalityMismatch(const RunSpec &spec, DataPathKind kind);
/// Of what was opened: no other modalities and no longer recordings than the model knows.
std::optional<ModalityMismatch> modalityMismatch(const RunSpec &spec,
                                                 const MultiModalDescription &description);
/// The JSON of a description with "mismatch": {key, value, message, hint}.
std::string withMismatch(const std::string &json, const ModalityMismatch &mismatch);
/// The mismatch as an error. @error InvalidInput naming the key to set; as probeCorpus for what is not there
Result<void> checkDataModalities(const RunSpec &spec, DataPathKind kind);
Result<void> checkDataModalities(const RunSpec &spec, const MultiModalDescription &description);
/// Data of which no token carries loss teach nothing: conversations without an answer, parts that are all given.
/// @error InvalidInput
Result<void> checkCarriesLoss(const std::string &path, const TokenShards &shards);
Result<void> checkCarriesLoss(const std::string &path, const MultiModalDescription &description);
/// A further text of a run (continual.stages). @error InvalidInput for a manifest, a generator, a picture, a recording
Result<void> checkStageIsText(const std::string &path);
/// A generator's name and settings, without making anything.
/// @error InvalidInput as parseGeneratorPath and parseShapesSpec
Result<void> checkGeneratorPath(const std::string &path);

struct OpenedMultiModal {
    std::unique_ptr<MultiModalSource> source;
    MultiModalDescription description;
    std::filesystem::path folder; ///< of prepared data; empty for a generator
};

struct OpenMultiModalOptions {
    DataSpec data; ///< path: a generator or a manifest; tokenizer, special_tokens, val_fraction as for text
    FrontEnd frontEnd;
    uint64_t seed = 0; ///< of the split of a manifest; a generator has its own
    DocumentUse use = DocumentUse::Train;
    std::filesystem::path cacheDirectory;
    ProgressFn progress;
    const std::atomic<bool> *cancel = nullptr;
};

/// @error InvalidInput for a path of another kind; as prepareManifest, parseShapesSpec, ShapesSource::create
Result<OpenedMultiModal> openMultiModal(const OpenMultiModalOptions &options);
/// What a run of several modalities is trained on, and what its model is shown again later: the same documents.
/// @error as openMultiModal and checkDataModalities; InvalidInput when no text in them carries loss
Result<OpenedMultiModal> openDocuments(const RunSpec &spec, const std::filesystem::path &cacheDirectory,
                                       const ProgressFn &progress = {},
                                       const std::atomic<bool> *cancel = nullptr);

} // namespace orrery
