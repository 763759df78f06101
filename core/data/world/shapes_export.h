// SPDX-License-Identifier: Apache-2.0
// gen:shapes as files: what a user would bring, made by hand. Any thread.
#pragma once

#include "core/data/corpus.h"
#include "core/data/world/shapes_source.h"

#include <filesystem>

namespace orrery {

inline constexpr uint64_t kMaxExportedDocuments = 100'000;

/// Writes train.jsonl, val.jsonl and test.jsonl with images/ and audio/ beside them, sheet.png (the first 40
/// pictures) and origin.txt (the path that makes the same again). The folder appears whole or not at all.
/// Read as manifests with a front end of the pictures' size, the files give the same records.
/// @param progress in documents
/// @error Conflict when the folder is there and not empty; InvalidInput for more than kMaxExportedDocuments;
/// Io, Cancelled; Unavailable in a build without the libraries
Result<void> exportShapes(const ShapesSource &source, const std::filesystem::path &folder,
                          const ProgressFn &progress = {}, const std::atomic<bool> *cancel = nullptr);

/// Pictures side by side, `columns` in a row, each pixel `zoom` times as large, on white.
/// @param images of one size, at least one
Image contactSheet(const std::vector<Image> &images, int64_t columns, int64_t zoom);

} // namespace orrery
