// SPDX-License-Identifier: Apache-2.0
// A prompt with pictures and recordings as the positions that a model reads. Any thread.
#pragma once

#include "core/data/multimodal/record.h"
#include "core/infer/text_generator.h"

namespace orrery {

inline constexpr size_t kMaxMediaFiles = 256; ///< of one request

/// Whether a prompt or a turn has pictures or recordings.
bool hasMedia(const GenerateRequest &request);

/// Texts and media in the order of their places; of a conversation with the tokens of roles and ends of turns
/// (chat_format.h). What a file is, its signature says, whatever its name; where that says nothing, the
/// modality head words the refusal.
/// @error InvalidInput: a model of text only or without recordings, with a mediaTokenizerMismatch, too many
/// files, a place outside of the text or before the one before it, a file that is neither PNG, JPEG, WAV nor
/// FLAC, broken or beyond the limits, a recording longer than the model knows, a prompt or a last turn that
/// leaves no room for an answer; as checkConversation
Result<MultiModalRecord> readPromptMedia(const LoadedModel &loaded, const GenerateRequest &request,
                                         DecodedMedia &decoded);

/// Loss over all documents of a manifest, one at least, or the validation documents of a generator.
/// @error as openMultiModal; InvalidInput when no position counts; Cancelled
Result<EvaluateSummary> evaluateMultiModal(LoadedModel &loaded, const std::string &dataPath,
                                           const std::atomic<bool> &cancel);

} // namespace orrery
