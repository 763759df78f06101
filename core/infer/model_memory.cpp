// SPDX-License-Identifier: Apache-2.0
// What a loaded model remembers beside its weights: files of it, and what becomes of it in the weights.
// Axes: B batch, T tokens.
#include "core/base/text.h"
#include "core/infer/background_reader.h"
#include "core/infer/model_directory.h"
#include "core/infer/model_guard.h"
#include "core/infer/text_generator.h"
#include "core/inspect/memory_edits.h"
#include "core/spec/consolidation_rules.h"
#include "core/spec/memory_sources.h"
#include "core/tensorfile/memory_file.h"
#include "core/tensorfile/memory_file_lock.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <set>
#include <utility>

namespace orrery {

namespace {

const std::atomic<bool> kNever{false};

/// Where the texts of all kinds stand that the model shall go on knowing. @param dataPath empty: all that it was trained on
Result<BackgroundRequest> backgroundOf(const LoadedModel &loaded, const std::string &dataPath)
{
    BackgroundRequest request;
    if (!dataPath.empty()) {
        request.paths = {dataPath};
    } else if (!loaded.data.path.empty()) {
        request.paths = {loaded.data.path};
        request.paths.insert(request.paths.end(), loaded.stages.begin(), loaded.stages.end());
    } else {
        return Error{ErrorCode::InvalidInput,
                     "Cannot consolidate the memory of \"" + loaded.info.name +
                         "\": data is \"\", expected texts of all kinds, so that what they need stays.",
                     "Name the text that the model was trained on with --data."};
    }
    request.data = loaded.data;
    request.frontEnd = frontEndOf(loaded.model->spec().media);
    request.tokenizer = loaded.tokenizer.get();
    request.context = loaded.model->spec().context;
    return request;
}

constexpr size_t kMostLearnedBytes = 1u << 20; ///< of names, as config.json has to be read again

struct LearnedSources {
    std::vector<std::string> names;
    int64_t numMore = 0; ///< that have no room
};

/// Whether something of it is read again: muted tokens, patches and frames are not.
bool isReplayed(const MemoryEvent &event)
{
    for (size_t i = 0; i < event.tokenIds.size(); ++i) {
        const bool isText = i >= event.modalities.size() || event.modalities[i] == Modality::Text;
        if (isText && (i >= event.strengths.size() || event.strengths[i] > 0)) return true;
    }
    return false;
}

/// Sources of which a text was read again, beside those that the model had learned before: each once.
LearnedSources learnedWith(const LoadedModel &loaded, const std::vector<MemoryEvent> &events)
{
    std::set<std::string> names(loaded.learned.begin(), loaded.learned.end());
    for (const MemoryEvent &event : events)
        if (isReplayed(event)) names.insert(sanitizeUtf8(event.source));
    LearnedSources learned{{}, loaded.numLearnedMore};
    size_t numBytes = 0;
    for (const std::string &name : names) {
        if (numBytes += name.size(); numBytes > kMostLearnedBytes)
            ++learned.numMore;
        else
            learned.names.push_back(name);
    }
    return learned;
}

/// The engine's folder is not that of who asks.
Result<void> checkMemoryPath(const std::string &action, const std::string &model, const std::string &path)
{
    if (std::filesystem::path(path).is_absolute()) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot " + action + " the memory of \"" + model + "\": the file is \"" +
                     sanitizeUtf8(path) + "\", expected an absolute path on the engine's computer.",
                 "Begin the path with /."};
}

/// What is not a memory file is somebody's.
Result<void> checkWriteOver(const std::filesystem::path &path)
{
    std::error_code failed;
    const auto status = std::filesystem::symlink_status(path, failed);
    if (status.type() == std::filesystem::file_type::not_found || isMemoryFile(path)) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot write over \"" + sanitizeUtf8(path.string()) +
                     "\": it is no memory file, expected one that is marked as such, or none.",
                 "Choose another name, or delete it by hand."};
}

/// Keys of another step of the training mostly still point the same way, those of another training do not.
std::string originNote(const LoadedModel &loaded, const std::filesystem::path &path, const MemoryOrigin &origin)
{
    if (origin.run.empty() || loaded.run.empty() || origin.run == loaded.run || origin.run == loaded.parentRun)
        return {};
    return "What \"" + sanitizeUtf8(path.string()) + "\" remembers was written by the weights of run " + origin.run +
           (origin.step >= 0 ? " at step " + std::to_string(origin.step) : "") + ", this model is of run " + loaded.run +
           ": its keys may mean nothing here. Read the texts anew with this model.";
}

bool isMedia(Modality modality) { return modality == Modality::Image || modality == Modality::Audio; }

/// What its tokens and those that read them are in bytes. A patch or frame has none of its own: a byte 0
/// stands for it, and the event says where.
void addTexts(const Tokenizer &tokenizer, MemoryEvent &event)
{
    for (size_t i = 0; i < event.tokenIds.size(); ++i) {
        const Modality modality = i < event.modalities.size() ? event.modalities[i] : Modality::Unknown;
        if (!isMedia(modality)) {
            event.text += tokenizer.tokenBytes(event.tokenIds[i]);
            continue;
        }
        const auto end = std::ssize(event.text);
        const bool goesOn = !event.media.empty() && event.media.back().modality == modality &&
                            event.media.back().begin + event.media.back().count == end;
        if (!goesOn) event.media.push_back({end, 0, modality});
        ++event.media.back().count;
        event.text += '\0';
    }
    for (SlotRead &read : event.reads)
        if (read.isThere() && !isMedia(read.modality)) read.text = tokenizer.tokenBytes(read.tokenId);
}

Error nothingToDo(const std::string &model)
{
    return {ErrorCode::InvalidInput,
            "Cannot edit the memory of \"" + model + "\": what to do is not said, expected an edit or a list.",
            "List it, wipe a source, pin, forget or scale an event, save or load it."};
}

bool isSamePlace(const std::filesystem::path &one, const std::filesystem::path &other)
{
    std::error_code ignored;
    const std::filesystem::path place = std::filesystem::weakly_canonical(one, ignored);
    return !place.empty() && place == std::filesystem::weakly_canonical(other, ignored);
}

} // namespace

Result<MemoryReport> TextGenerator::editMemory(const MemoryEdit &edit)
{
    return guardModel("edit the memory of", m_loaded.info.name,
                      [&] { return edit.file.empty() ? editOpened(edit) : editFile(edit); });
}

/// In a memory of its own: who talks with the model keeps what he has, unless his texts begin with that very file.
Result<MemoryReport> TextGenerator::editFile(const MemoryEdit &edit)
{
    const at::NoGradGuard noGradients;
    const bool isCopied = edit.verb == MemoryVerb::Save;
    ORRERY_TRY(checkMemoryPath(std::string("edit (") + memoryVerbName(edit.verb) + ')', m_loaded.info.name, edit.file));
    if (isCopied) {
        ORRERY_TRY(checkMemoryPath("save", m_loaded.info.name, edit.path));
        ORRERY_TRY(checkWriteOver(edit.path));
    }
    MemoryFileLock lock;
    if (edit.verb != MemoryVerb::List && edit.verb != MemoryVerb::Similarity) {
        ORRERY_ASSIGN(lock, MemoryFileLock::acquire(isCopied ? edit.path : edit.file,
                                                    std::string("memory ") + memoryVerbName(edit.verb)));
    }
    ORRERY_ASSIGN(nn::KvCache cache, stream().cacheWithFile(edit.file));
    MemoryControl &memory = *memoryIn(cache);
    MemoryReport report;
    bool isNothing = false; // a wipe of what is not there
    switch (edit.verb) {
    case MemoryVerb::List:
    case MemoryVerb::Save:
        break;
    case MemoryVerb::Wipe:
        isNothing = !isKnownSource(memory.listEvents(), edit.source);
        report.numFreed = memory.wipe(edit.source);
        break;
    case MemoryVerb::Pin:
    case MemoryVerb::Unpin:
        ORRERY_TRY(memory.pin(edit.event, edit.verb == MemoryVerb::Pin));
        break;
    case MemoryVerb::Forget:
    case MemoryVerb::ForgetSlot:
    case MemoryVerb::Scale:
    case MemoryVerb::Undo: {
        ORRERY_ASSIGN(report.numFreed, memory.change(edit));
        break;
    }
    case MemoryVerb::Similarity: {
        ORRERY_ASSIGN(report.similarity, memory.similarity(edit.maxEvents, report.similarEvents));
        break;
    }
    case MemoryVerb::Load:
    case MemoryVerb::Unknown:
        return nothingToDo(m_loaded.info.name);
    }
    if (edit.verb != MemoryVerb::List && edit.verb != MemoryVerb::Similarity && !isNothing) {
        for (const auto &[name, part] : cache.parts)
            if (part && part->memory() == &memory) part->endText(cache);
        const std::filesystem::path written = isCopied ? edit.path : edit.file;
        ORRERY_TRY(memory.save(written));
        if (m_isMemoryChosen && isSamePlace(m_memoryFile, written)) ORRERY_TRY(loadMemory(written));
    }
    report.status = memory.status();
    report.events = memory.listEvents();
    for (MemoryEvent &event : report.events) addTexts(*m_loaded.tokenizer, event);
    return report;
}

Result<MemoryReport> TextGenerator::editOpened(const MemoryEdit &edit)
{
    const at::NoGradGuard noGradients;
    ORRERY_TRY(openOwnMemory());
    if (!stream().memory()) return withoutMemory({}).error();
    catchUp();
    MemoryReport report;
    ORRERY_TRY(editStream(edit, report));
    const MemoryStatus saved = std::exchange(report.status, {});
    const MemoryControl *memory = stream().memory(); // another one behind Load
    report.status = memory->status();
    if (edit.verb == MemoryVerb::Save) { // which stores what is within the window still, or cannot
        report.status.numRefused = saved.numRefused;
        report.status.lastRefusal = saved.lastRefusal;
    }
    report.undoText = memory->undoText();
    report.events = memory->listEvents();
    for (MemoryEvent &event : report.events) addTexts(*m_loaded.tokenizer, event);
    return report;
}

Result<void> TextGenerator::editStream(const MemoryEdit &edit, MemoryReport &report)
{
    switch (edit.verb) {
    case MemoryVerb::List:
        return {};
    case MemoryVerb::Wipe:
        report.numFreed = stream().wipe(edit.source);
        return {};
    case MemoryVerb::Pin:
    case MemoryVerb::Unpin:
        return stream().pin(edit.event, edit.verb == MemoryVerb::Pin);
    case MemoryVerb::Forget:
    case MemoryVerb::ForgetSlot:
    case MemoryVerb::Scale:
    case MemoryVerb::Undo: {
        ORRERY_ASSIGN(report.numFreed, stream().change(edit));
        return {};
    }
    case MemoryVerb::Similarity: {
        ORRERY_ASSIGN(report.similarity, stream().memory()->similarity(edit.maxEvents, report.similarEvents));
        return {};
    }
    case MemoryVerb::Save: {
        ORRERY_TRY(checkMemoryPath("save", m_loaded.info.name, edit.path));
        ORRERY_TRY(checkWriteOver(edit.path));
        ORRERY_ASSIGN(report.status, stream().saveMemory(edit.path));
        return {};
    }
    case MemoryVerb::Load: // of no file: from now on texts begin with nothing
        if (!edit.path.empty()) ORRERY_TRY(checkMemoryPath("load", m_loaded.info.name, edit.path));
        return loadMemory(edit.path);
    case MemoryVerb::Unknown:
        break;
    }
    return nothingToDo(m_loaded.info.name);
}

/// What left the window with the last token of an answer is known only when that token was read, too.
void TextGenerator::catchUp()
{
    if (!m_lastText.empty()) (void)stream().advanceTo({m_lastText, m_lastMedia}, kNever);
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
    m_memoryFile = m_loaded.memoryFile; // which may come yet
    return {};
}

ModelInfo TextGenerator::info() const
{
    ModelInfo info = m_loaded.info;
    if (!m_memoryNote.empty()) info.note += (info.note.empty() ? "" : " ") + m_memoryNote;
    return info;
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
        m_memoryFile = path;
        m_memoryNote = originNote(m_loaded, path, stream().loadedOrigin());
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
        catchUp();
        ORRERY_TRY(stream().saveMemory(path));
        return {};
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
    ORRERY_TRY(checkConsolidation(request.settings, m_loaded.info.name));
    if (!request.directory.empty()) ORRERY_TRY(checkFreeDirectory(request.directory));
    nn::Transformer &model = *m_loaded.model;
    std::vector<at::Tensor> before;
    for (const nn::Parameter &parameter : model.parameters())
        before.push_back(parameter.master.detach().clone());
    // What this process goes on to answer comes from the model that it loaded.
    const auto restore = [&] {
        const at::NoGradGuard noGradients;
        for (size_t i = 0; i < before.size(); ++i) model.parameters()[i].master.copy_(before[i]);
        model.mastersChanged();
    };
    // Stopped before it begins: says what is missing in the model or its memory before anybody's data are read.
    const std::atomic<bool> isStopped{true};
    const Result<Consolidation> tried = stream().consolidate({}, request.settings, isStopped);
    if (tried.ok()) restore(); // a part that does not let itself be stopped
    if (!tried.ok() && tried.error().code != ErrorCode::Cancelled) return tried.error();

    const auto tell = [&](ConsolidationPhase phase, int64_t numDone, int64_t numTotal) {
        if (request.settings.onAmount) request.settings.onAmount({phase, numDone, numTotal});
    };
    ORRERY_ASSIGN(BackgroundRequest wanted, backgroundOf(m_loaded, request.dataPath));
    wanted.onPath = [&](int64_t numDone, int64_t numTotal) { tell(ConsolidationPhase::Reading, numDone, numTotal); };
    ORRERY_ASSIGN(const auto background, readBackground(wanted, cancel));
    Result<Consolidation> done = stream().consolidate(background, request.settings, cancel);
    if (done.ok() && cancel.load(std::memory_order_relaxed)) // behind the last pass
        done = Error{ErrorCode::Cancelled, "Cannot finish consolidating: it was cancelled.", ""};
    if (done.ok()) {
        tell(ConsolidationPhase::Writing, 0, 0);
        done->protectedFrom = wanted.paths;
        LearnedSources learned = learnedWith(m_loaded, stream().memory()->listEvents());
        const ModelConfig config{.model = model.spec(),
                                 .data = m_loaded.data,
                                 .objective = m_loaded.objective,
                                 .plugins = m_loaded.plugins,
                                 .source = m_loaded.info.name,
                                 .step = m_loaded.info.step,
                                 .run = m_loaded.run,
                                 .learned = std::move(learned.names),
                                 .numLearnedMore = learned.numMore};
        const auto written =
            writeModelDirectory(request.directory, config, [&](const std::filesystem::path &file) {
                return nn::saveWeights(model, file.string());
            });
        if (!written.ok()) done = written.error();
    }
    restore();
    return done;
}

} // namespace orrery
