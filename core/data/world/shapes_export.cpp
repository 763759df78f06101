// SPDX-License-Identifier: Apache-2.0
#include "core/data/world/shapes_export.h"

#include "core/base/assert.h"
#include "core/base/files.h"
#include "core/data/corpus_errors.h"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <array>
#include <cstdio>

namespace orrery {

namespace fs = std::filesystem;

namespace {

struct ExportedSplit {
    Split split;
    const char *name;
};
constexpr ExportedSplit kExported[] = {
    {Split::Train, "train"}, {Split::Validation, "val"}, {Split::Test, "test"}};
constexpr size_t kSheetPictures = 40;

Result<void> writeWhole(const fs::path &path, std::string_view bytes)
{
    ORRERY_ASSIGN(FileWriter file, FileWriter::create(path));
    ORRERY_TRY(file.write(bytes));
    return file.close();
}

class Exporter {
public:
    Exporter(const ShapesSource &source, const ProgressFn &progress, const std::atomic<bool> *cancel)
        : m_source(source), m_progress(progress), m_cancel(cancel)
    {
        for (const ExportedSplit &split : kExported) m_total += source.numRecords(split.split);
    }

    [[nodiscard]] uint64_t total() const { return m_total; }

    Result<void> writeInto(const fs::path &folder)
    {
        std::error_code error;
        for (const char *name : {"images", "audio"}) {
            fs::create_directories(folder / name, error);
            if (error) return ioError("create folder", folder / name, error.value());
        }
        for (const ExportedSplit &split : kExported) ORRERY_TRY(writeSplit(folder, split));
        if (!m_sheet.empty()) {
            ORRERY_ASSIGN(const std::string sheet, encodePng(contactSheet(m_sheet, 8, 3)));
            ORRERY_TRY(writeWhole(folder / "sheet.png", sheet));
        }
        return writeWhole(folder / "origin.txt", m_source.name() + "\n");
    }

private:
    Result<void> writeSplit(const fs::path &folder, const ExportedSplit &split)
    {
        ORRERY_ASSIGN(FileWriter manifest, FileWriter::create(folder / (std::string(split.name) + ".jsonl")));
        for (uint64_t index = 0; index < m_source.numRecords(split.split); ++index) {
            if (m_cancel && m_cancel->load(std::memory_order_relaxed)) return dataCancelled(folder);
            ORRERY_TRY(writeDocument(folder, split, index, manifest));
            if (m_progress) m_progress(++m_done, m_total);
        }
        return manifest.close();
    }

    Result<void> writeDocument(const fs::path &folder, const ExportedSplit &split, uint64_t index,
                               FileWriter &manifest)
    {
        const ShapesDocument document = m_source.scenes().document(split.split, index);
        std::array<char, 48> stem{};
        std::snprintf(stem.data(), stem.size(), "%s-%06llu", split.name,
                      static_cast<unsigned long long>(index));
        nlohmann::ordered_json parts = nlohmann::ordered_json::array();
        if (document.hasImage) {
            const Image image = m_source.picture(document);
            ORRERY_ASSIGN(const std::string png, encodePng(image));
            const std::string name = std::string("images/") + stem.data() + ".png";
            ORRERY_TRY(writeWhole(folder / name, png));
            parts.push_back({{"image", name}});
            if (split.split == Split::Train && m_sheet.size() < kSheetPictures) m_sheet.push_back(image);
        }
        if (document.hasAudio) {
            const std::string name = std::string("audio/") + stem.data() + ".wav";
            ORRERY_TRY(writeWhole(folder / name, encodeWav(m_source.recording(document))));
            parts.push_back({{"audio", name}});
        }
        parts.push_back({{"text", document.prompt}, {"loss", false}});
        parts.push_back({{"text", document.answer}});
        return manifest.write(parts.dump() + "\n");
    }

    const ShapesSource &m_source;
    const ProgressFn &m_progress;
    const std::atomic<bool> *m_cancel;
    uint64_t m_total = 0;
    uint64_t m_done = 0;
    std::vector<Image> m_sheet;
};

} // namespace

Image contactSheet(const std::vector<Image> &images, int64_t columns, int64_t zoom)
{
    ORRERY_ASSERT(!images.empty() && columns >= 1 && zoom >= 1);
    constexpr int64_t kGap = 6;
    const int64_t width = images.front().width * zoom;
    const int64_t height = images.front().height * zoom;
    const int64_t used = std::min<int64_t>(columns, static_cast<int64_t>(images.size()));
    const int64_t rows = (static_cast<int64_t>(images.size()) + columns - 1) / columns;
    Image sheet{used * (width + kGap) + kGap, rows * (height + kGap) + kGap, {}};
    sheet.rgb.assign(static_cast<size_t>(sheet.width * sheet.height * 3), 255);
    for (size_t i = 0; i < images.size(); ++i) {
        const int64_t left = kGap + static_cast<int64_t>(i) % columns * (width + kGap);
        const int64_t top = kGap + static_cast<int64_t>(i) / columns * (height + kGap);
        for (int64_t y = 0; y < height; ++y)
            for (int64_t x = 0; x < width; ++x)
                for (int64_t c = 0; c < 3; ++c)
                    sheet.rgb[static_cast<size_t>(((top + y) * sheet.width + left + x) * 3 + c)] =
                        images[i].rgb[static_cast<size_t>((y / zoom * images[i].width + x / zoom) * 3 + c)];
    }
    return sheet;
}

Result<void> exportShapes(const ShapesSource &source, const fs::path &folder, const ProgressFn &progress,
                          const std::atomic<bool> *cancel)
{
    Exporter exporter(source, progress, cancel);
    if (exporter.total() > kMaxExportedDocuments)
        return Error{ErrorCode::InvalidInput,
                     "Cannot export \"" + source.name() + "\": it has " + std::to_string(exporter.total()) +
                         " documents, expected at most " + std::to_string(kMaxExportedDocuments) + ".",
                     "Lower n, val and test."};
    std::error_code error;
    if (fs::exists(folder, error) && !fs::is_empty(folder, error))
        return Error{ErrorCode::Conflict,
                     "Cannot export into \"" + folder.string() +
                         "\": it is there already, expected a new or empty folder.",
                     "Choose another folder, or remove this one."};
    fs::path partial = folder.lexically_normal();
    if (!partial.has_filename()) partial = partial.parent_path();
    partial += ".partial-" + std::to_string(::getpid());
    auto work = [&]() -> Result<void> {
        ORRERY_TRY(exporter.writeInto(partial));
        fs::remove(folder, error); // empty, or not there
        return renameDurably(partial, folder);
    };
    auto done = work();
    if (!done) fs::remove_all(partial, error);
    return done;
}

} // namespace orrery
