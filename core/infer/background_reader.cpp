// SPDX-License-Identifier: Apache-2.0
#include "core/infer/background_reader.h"

#include "core/base/assert.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/data/corpus_listing.h"
#include "core/data/corpus_reader.h"
#include "core/data/data_paths.h"
#include "core/infer/background_texts.h"

#include <algorithm>
#include <utility>

namespace orrery {

namespace {

Error stopped(const std::string &path)
{
    return {ErrorCode::Cancelled, "Cannot finish reading \"" + path + "\": it was cancelled.", ""};
}

/// One path into its share of the texts.
class Reader {
public:
    Reader(const BackgroundRequest &request, std::string path, BackgroundTexts::Limits limits,
           const std::atomic<bool> &cancel)
        : m_request(request), m_path(std::move(path)), m_cancel(cancel), m_limits(limits),
          m_background(request.context, limits)
    {
    }

    Result<std::vector<std::vector<int32_t>>> read()
    {
        const DataPathKind kind = dataPathKind(m_path);
        const bool hasParts = kind == DataPathKind::Generator || kind == DataPathKind::Manifest;
        const Result<void> done = hasParts ? readDocumentsOfParts() : readTexts();
        // Enough was read: that ends it, too.
        if (!done.ok() && !m_background.isFull()) return done.error();
        return m_background.texts();
    }

private:
    Result<void> checkGoesOn() const
    {
        if (m_cancel.load(std::memory_order_relaxed)) return stopped(m_path);
        return {};
    }

    Result<void> readTexts()
    {
        ORRERY_ASSIGN(const CorpusListing listing, listCorpus(m_path, {}));
        ReadOptions options;
        options.tokenizer = m_request.tokenizer;
        options.onBytes = [this](uint64_t) { return checkGoesOn(); };
        return readDocuments(listing, options, m_background);
    }

    Result<void> readDocumentsOfParts()
    {
        OpenMultiModalOptions options;
        options.data = m_request.data;
        options.data.path = m_path;
        options.frontEnd = m_request.frontEnd;
        options.cacheDirectory = userCacheDir() / "shards";
        options.cancel = &m_cancel;
        ORRERY_ASSIGN(const OpenedMultiModal opened, openMultiModal(options));
        const uint64_t numAll = opened.source->numRecords(Split::Train);
        const uint64_t numRead = std::min<uint64_t>(numAll, m_limits.maxTexts);
        MultiModalRecord record;
        for (uint64_t i = 0; i < numRead; ++i) {
            ORRERY_TRY(checkGoesOn());
            opened.source->readWhole(Split::Train, i * numAll / numRead, record);
            for (const Modality modality : {Modality::Image, Modality::Audio}) removeModality(record, modality);
            ORRERY_TRY(m_background.beginDocument());
            ORRERY_TRY(m_background.append(record.ids_L, uint8_t{1}));
            ORRERY_TRY(m_background.endDocument());
        }
        return {};
    }

    const BackgroundRequest &m_request;
    std::string m_path;
    const std::atomic<bool> &m_cancel;
    BackgroundTexts::Limits m_limits;
    BackgroundTexts m_background;
};

} // namespace

Result<std::vector<std::vector<int32_t>>> readBackground(const BackgroundRequest &request,
                                                         const std::atomic<bool> &cancel)
{
    ORRERY_ASSERT(!request.paths.empty() && request.tokenizer && request.context >= 1);
    const size_t numPaths = request.paths.size();
    std::vector<std::vector<int32_t>> all;
    for (size_t i = 0; i < numPaths; ++i) {
        if (request.onPath) request.onPath(static_cast<int64_t>(i), static_cast<int64_t>(numPaths));
        BackgroundTexts::Limits limits;
        limits.maxTexts = std::max<size_t>(1, request.maxTexts / numPaths + (i < request.maxTexts % numPaths));
        limits.maxTokens = std::max<uint64_t>(1, limits.maxTokens / numPaths);
        ORRERY_ASSIGN(const auto texts, Reader(request, request.paths[i], limits, cancel).read());
        all.insert(all.end(), texts.begin(), texts.end());
    }
    if (!all.empty()) return all;
    return Error{ErrorCode::InvalidInput,
                 "Cannot read texts from \"" + sanitizeUtf8(joinText(request.paths, "\", \"")) +
                     "\": there is none, expected one of two tokens or more.",
                 "Name a text with --data."};
}

} // namespace orrery
