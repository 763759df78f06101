// SPDX-License-Identifier: Apache-2.0
// What a loaded model remembers beside its weights: files of it, and what becomes of it in the weights.
// Axes: B batch, T tokens.
#include "core/data/corpus_listing.h"
#include "core/data/corpus_reader.h"
#include "core/infer/model_directory.h"
#include "core/infer/model_guard.h"
#include "core/infer/text_generator.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace orrery {

namespace {

constexpr size_t kBackgroundTexts = 64;
const std::atomic<bool> kNever{false};

/// The first texts of a corpus, of a context at most; then it wants no more.
class TextTaker : public DocumentSink {
public:
    explicit TextTaker(int64_t context) : m_length(static_cast<size_t>(context) + 1) {}
    Result<void> beginDocument() override
    {
        m_texts.emplace_back();
        return {};
    }
    Result<void> endDocument() override { return {}; }
    Result<void> append(std::span<const int32_t> ids, uint8_t) override { return take(ids); }
    Result<void> append(std::span<const int32_t> ids, std::span<const uint8_t>) override { return take(ids); }
    [[nodiscard]] bool isFull() const { return m_texts.size() > kBackgroundTexts; }
    [[nodiscard]] std::vector<std::vector<int32_t>> texts() const
    {
        std::vector<std::vector<int32_t>> enough = m_texts;
        std::erase_if(enough, [](const std::vector<int32_t> &text) { return text.size() < 2; });
        enough.resize(std::min(enough.size(), kBackgroundTexts));
        return enough;
    }

private:
    Result<void> take(std::span<const int32_t> ids)
    {
        for (const int32_t id : ids) {
            if (m_texts.back().size() >= m_length) m_texts.emplace_back();
            if (isFull()) return Error{ErrorCode::Cancelled, "Enough texts.", ""};
            m_texts.back().push_back(id);
        }
        return {};
    }
    size_t m_length;
    std::vector<std::vector<int32_t>> m_texts;
};

Result<std::vector<std::vector<int32_t>>> readBackground(const LoadedModel &loaded,
                                                         const std::string &dataPath)
{
    if (dataPath.empty())
        return Error{ErrorCode::InvalidInput,
                     "Cannot consolidate the memory of \"" + loaded.info.name +
                         "\": data is \"\", expected texts of all kinds, so that what they need stays.",
                     "Name the text that the model was trained on with --data."};
    ORRERY_ASSIGN(const CorpusListing listing, listCorpus(dataPath, {}));
    TextTaker taker(loaded.model->spec().context);
    ReadOptions options;
    options.tokenizer = loaded.tokenizer.get();
    const auto read = readDocuments(listing, options, taker);
    if (!read.ok() && !taker.isFull()) return read.error();
    return taker.texts();
}

} // namespace

Result<MemoryReport> TextGenerator::editMemory(const MemoryEdit &edit)
{
    return guardModel("edit the memory of", m_loaded.info.name, [&] { return editOpened(edit); });
}

Result<MemoryReport> TextGenerator::editOpened(const MemoryEdit &edit)
{
    const at::NoGradGuard noGradients;
    ORRERY_TRY(openOwnMemory());
    const MemoryControl *memory = stream().memory();
    if (!memory) return withoutMemory({}).error();
    MemoryReport report;
    switch (edit.verb) {
    case MemoryVerb::List:
        break;
    case MemoryVerb::Wipe:
        report.numFreed = stream().wipe(edit.source);
        break;
    case MemoryVerb::Pin:
    case MemoryVerb::Unpin:
        ORRERY_TRY(stream().pin(edit.event, edit.verb == MemoryVerb::Pin));
        break;
    default:
        return Error{ErrorCode::InvalidInput,
                     "Cannot edit the memory of \"" + m_loaded.info.name + "\": what to do is not said.",
                     "List it, wipe a source, pin or unpin an event."};
    }
    report.status = memory->status();
    report.events = memory->listEvents();
    for (MemoryEvent &event : report.events)
        for (const int32_t id : event.tokenIds) event.text += m_loaded.tokenizer->tokenBytes(id);
    return report;
}

/// Once, before the first text, unless another file was loaded before.
Result<void> TextGenerator::openOwnMemory()
{
    if (m_isMemoryChosen) return {};
    std::error_code ignored;
    if (!m_loaded.memoryFile.empty() && std::filesystem::exists(m_loaded.memoryFile, ignored)) {
        Result<void> opened = loadMemory(m_loaded.memoryFile);
        if (opened.ok()) return opened;
        Error error = std::move(opened).error();
        if (error.code == ErrorCode::InvalidInput)
            error.hint =
                "It is saved with the model: each text begins with it. Delete it with memory wipe MODEL "
                "--all, or generate with --no-memory.";
        return error;
    }
    m_isMemoryChosen = true;
    return {};
}

Result<void> TextGenerator::loadMemory(const std::filesystem::path &path)
{
    return guardModel("load a memory of", m_loaded.info.name, [&]() -> Result<void> {
        const at::NoGradGuard noGradients;
        if (path.empty())
            stream().dropMemory();
        else
            ORRERY_TRY(stream().loadMemory(path));
        m_isMemoryChosen = true;
        m_lastText.clear();
        m_lastMedia.reset();
        return {};
    });
}

Result<void> TextGenerator::saveMemory(const std::filesystem::path &path)
{
    ORRERY_TRY(openOwnMemory());
    return guardModel("save the memory of", m_loaded.info.name, [&]() -> Result<void> {
        const at::NoGradGuard noGradients;
        // The last token of an answer has not been read: nothing came behind it.
        if (!m_lastText.empty()) (void)stream().advanceTo({m_lastText, m_lastMedia}, kNever);
        return stream().saveMemory(path);
    });
}

Result<Consolidation> TextGenerator::consolidate(const ConsolidateRequest &request,
                                                 const std::atomic<bool> &cancel)
{
    ORRERY_TRY(openOwnMemory());
    return guardModel("consolidate the memory of", m_loaded.info.name,
                      [&] { return consolidateInto(request, cancel); });
}

Result<Consolidation> TextGenerator::consolidateInto(const ConsolidateRequest &request,
                                                     const std::atomic<bool> &cancel)
{
    nn::Transformer &model = *m_loaded.model;
    const std::string dataPath = request.dataPath.empty() ? m_loaded.data.path : request.dataPath;
    ORRERY_ASSIGN(const auto background, readBackground(m_loaded, dataPath));
    std::vector<at::Tensor> before;
    for (const nn::Parameter &parameter : model.parameters())
        before.push_back(parameter.master.detach().clone());
    Result<Consolidation> done = stream().consolidate(background, request.settings, cancel);
    if (done.ok()) {
        const ModelConfig config{.model = model.spec(),
                                 .data = m_loaded.data,
                                 .objective = m_loaded.objective,
                                 .plugins = m_loaded.plugins,
                                 .source = m_loaded.info.name,
                                 .step = m_loaded.info.step};
        const auto written =
            writeModelDirectory(request.directory, config, [&](const std::filesystem::path &file) {
                return nn::saveWeights(model, file.string());
            });
        if (!written.ok()) done = written.error();
    }
    // What this process goes on to answer comes from the model that it loaded.
    const at::NoGradGuard noGradients;
    for (size_t i = 0; i < before.size(); ++i) model.parameters()[i].master.copy_(before[i]);
    model.mastersChanged();
    return done;
}

} // namespace orrery
