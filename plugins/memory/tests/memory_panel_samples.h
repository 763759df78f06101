// SPDX-License-Identifier: Apache-2.0
// An engine with a memory that a test scripts, and memories that look real. GUI thread only.
#pragma once

#include "tests/widgets/common/fake_session.h"

#include <cmath>
#include <functional>
#include <optional>

namespace orrery::ui {

/// Answers questions for a memory from one that it keeps, as the engine does: pins, strengths and forgetting
/// change it, and the last of the edits can be taken back.
class MemorySession : public FakeSession {
public:
    MemoryReport memory;
    std::vector<std::pair<QString, MemoryEdit>> edits; ///< as they were asked
    std::optional<Error> editError;                    ///< of the next edit, once
    std::string note;                                  ///< of a memory that was loaded
    bool holdsEdits = false;                           ///< answers wait for answerEdit()
    int numCancelledEdits = 0;

    /// Answers the oldest question that waits, also when it was cancelled meanwhile and `isRude`.
    bool answerEdit(bool isRude = false)
    {
        if (m_held.empty()) return false;
        const Held held = m_held.front();
        m_held.erase(m_held.begin());
        if (!held.context || (!*held.isWanted && !isRude)) return true;
        *held.isWanted = false;
        held.reply(answerTo(held.edit));
        return true;
    }
    [[nodiscard]] size_t numHeld() const { return m_held.size(); }

    std::unique_ptr<PendingRequest> editMemory(const QString &model, const MemoryEdit &edit, QObject *context,
                                               Reply<MemoryReport> reply) override
    {
        edits.emplace_back(model, edit);
        const auto isWanted = std::make_shared<bool>(true);
        m_held.push_back({edit, context, reply, isWanted});
        if (!holdsEdits)
            QTimer::singleShot(0, this, [this] {
                if (!holdsEdits) answerEdit();
            });
        return std::make_unique<FakeRequest>(isWanted, numCancelledEdits);
    }

private:
    struct Held {
        MemoryEdit edit;
        QPointer<QObject> context;
        Reply<MemoryReport> reply;
        std::shared_ptr<bool> isWanted;
    };
    Result<MemoryReport> answerTo(const MemoryEdit &edit)
    {
        if (editError) return *std::exchange(editError, std::nullopt);
        if (edit.verb == MemoryVerb::Load) memory.note = edit.path.empty() ? std::string() : note;
        memory.numFreed = 0;
        auto &events = memory.events;
        if (edit.verb == MemoryVerb::Wipe)
            std::erase_if(events, [&](const MemoryEvent &event) {
                if (!isOfSource(event.source, edit.source)) return false;
                memory.numFreed += event.numSlots;
                return true;
            });
        if (edit.verb == MemoryVerb::Pin || edit.verb == MemoryVerb::Unpin) {
            const auto found = std::find_if(events.begin(), events.end(),
                                            [&](const MemoryEvent &event) { return event.id == edit.event; });
            if (found == events.end())
                return Error{ErrorCode::NotFound,
                             "Cannot pin event " + std::to_string(edit.event) +
                                 ": the memory has none of that number.",
                             "List the events again."};
            found->isPinned = edit.verb == MemoryVerb::Pin;
        }
        if (const auto failed = change(edit)) return *failed;
        memory.status.numUsed = memory.status.numPinned = 0;
        for (const MemoryEvent &event : events) {
            memory.status.numUsed += event.numSlots;
            memory.status.numPinned += event.isPinned ? event.numSlots : 0;
        }
        memory.undoText = m_before.empty() ? foreignUndo : m_before.back().first;
        if (edit.verb == MemoryVerb::Similarity) return compared(edit.maxEvents);
        return memory;
    }
    /// What can be taken back, and taking it back.
    std::optional<Error> change(const MemoryEdit &edit)
    {
        auto &events = memory.events;
        const auto before = events;
        const auto found = std::find_if(events.begin(), events.end(),
                                        [&](const MemoryEvent &event) { return event.id == edit.event; });
        const bool isChange = edit.verb == MemoryVerb::Forget || edit.verb == MemoryVerb::ForgetSlot ||
                              edit.verb == MemoryVerb::Scale;
        if (edit.verb == MemoryVerb::Undo) {
            if (m_before.empty() && !std::exchange(foreignUndo, {}).empty()) return {};
            if (m_before.empty())
                return Error{ErrorCode::NotFound, "Cannot undo: there is nothing to take back.", ""};
            events = m_before.back().second;
            m_before.pop_back();
        }
        if (!isChange) return {};
        if (found == events.end())
            return Error{ErrorCode::NotFound, "Cannot change event " + std::to_string(edit.event) + ".", ""};
        m_before.emplace_back("changing event " + std::to_string(edit.event), before);
        if (edit.verb == MemoryVerb::Forget) {
            memory.numFreed = found->numSlots;
            events.erase(found);
            return {};
        }
        for (size_t i = 0; i < found->slots.size(); ++i) {
            if (edit.slot >= 0 && found->slots[i] != edit.slot) continue;
            if (edit.verb == MemoryVerb::Scale) {
                found->strengths[i] = static_cast<float>(edit.factor);
                continue;
            }
            const auto at = static_cast<std::ptrdiff_t>(i);
            found->slots.erase(found->slots.begin() + at);
            found->tokenIds.erase(found->tokenIds.begin() + at);
            for (auto *column : {&found->usages, &found->surprises, &found->strengths})
                column->erase(column->begin() + at);
            if (!found->modalities.empty()) found->modalities.erase(found->modalities.begin() + at);
            if (!found->reads.empty()) found->reads.erase(found->reads.begin() + at);
            memory.numFreed = 1;
            --found->numSlots;
            break;
        }
        return {};
    }
    [[nodiscard]] MemoryReport compared(int64_t maxEvents) const
    {
        MemoryReport report = memory;
        const size_t count = std::min(memory.events.size(), static_cast<size_t>(maxEvents));
        for (size_t i = memory.events.size() - count; i < memory.events.size(); ++i)
            report.similarEvents.push_back(memory.events[i].id);
        for (size_t i = 0; i < count; ++i)
            for (size_t j = 0; j < count; ++j)
                report.similarity.push_back(alike    ? alike(report.similarEvents[i], report.similarEvents[j])
                                            : i == j ? 1.0F
                                                     : 0.0F);
        return report;
    }

    std::vector<Held> m_held;
    std::vector<std::pair<std::string, std::vector<MemoryEvent>>> m_before;

public:
    std::function<float(int64_t, int64_t)> alike; ///< of two events; none: only with themselves
    std::string foreignUndo;                      ///< what somebody else did last
    /// Something was read: nothing can be taken back.
    void readOn() { m_before.clear(); }
};

inline MemoryEvent memoryEvent(int64_t id, const std::string &source, int64_t first, int64_t last,
                               const std::string &text, double usage, bool isPinned = false)
{
    MemoryEvent event;
    event.id = id;
    event.source = source;
    event.firstToken = first;
    event.lastToken = last;
    event.step = 900;
    event.numSlots = last - first + 1;
    event.meanUsage = usage;
    event.age = 2'100 - first;
    event.isPinned = isPinned;
    event.text = text;
    for (int64_t i = 0; i < event.numSlots; ++i) {
        event.tokenIds.push_back(static_cast<int32_t>(300 + (id * 7 + i) % 40));
        event.slots.push_back(id * 1'000 + i);
        event.usages.push_back(static_cast<float>(usage * (1 + 0.3 * std::sin(static_cast<double>(i)))));
        event.surprises.push_back(static_cast<float>(
            0.4 + 3.5 * std::pow(std::abs(std::cos(static_cast<double>(id + i) * 0.37)), 4)));
        event.strengths.push_back(1);
        event.modalities.push_back(Modality::Text);
        const int64_t age = std::abs(40 - id) * 10 + i;
        event.reads.push_back({.age = age,
                               .place = std::max<int64_t>(0, 2'400 - age),
                               .source = "chat.json#3:user",
                               .tokenId = 310,
                               .text = " day",
                               .layer = 2,
                               .head = 1,
                               .weight = 0.42F});
    }
    return event;
}

/// Of a picture between two pieces of text: four patches.
inline MemoryEvent pictureEvent(int64_t id, int64_t first)
{
    MemoryEvent event = memoryEvent(id, "chat.json#3:user", first, first + 7, "See", 0.6);
    for (size_t i = 3; i < 7; ++i) {
        event.modalities[i] = Modality::Image;
        event.tokenIds[i] = 0;
        event.reads[i] = {.age = SlotRead::kNever, .source = {}, .text = {}};
    }
    event.media = {{3, 4, Modality::Image}};
    event.text += std::string(4, '\0') + "!";
    return event;
}

/// A conversation and a note: six events.
inline MemoryReport sampleMemory()
{
    MemoryReport report;
    report.status.capacity = 4'096;
    report.status.numEvicted = 31;
    report.status.numSkipped = 12;
    report.events = {
        memoryEvent(3, "notes.txt#text", 0, 29, "The key to the lab is under the third pot.", 0.08),
        memoryEvent(4, "notes.txt#text", 30, 99, "\tOrder:\n  two lamps,  one lens \n", 0.004),
        memoryEvent(7, "chat.json#1:user", 0, 39, "My daughter's name is Ottilie and she was born in Łódź.",
                    1.62, true),
        memoryEvent(8, "chat.json#1:assistant", 40, 119, "What a lovely name. How old is she?", 0.42),
        memoryEvent(9, "chat.json#2:user", 120, 141, "She is seven. We leave on 14 March.", 0.91),
        memoryEvent(12, "chat.json#2:assistant", 160, 299, "Then I will remember the day.", 0.27),
    };
    report.events[0].reads.clear(); // from a file of before they were kept
    for (SlotRead &read : report.events[1].reads) read = {.age = SlotRead::kNever, .source = {}, .text = {}};
    for (const MemoryEvent &event : report.events) {
        report.status.numUsed += event.numSlots;
        report.status.numPinned += event.isPinned ? event.numSlots : 0;
    }
    return report;
}

/// One text of `numEvents` events of four tokens, every fiftieth pinned.
inline MemoryReport manyEvents(int numEvents)
{
    MemoryReport report;
    report.status.capacity = 100'000;
    report.events.reserve(static_cast<size_t>(numEvents));
    for (int i = 0; i < numEvents; ++i) {
        const double usage = 0.5 + 0.45 * std::sin(i * 0.0007) + 0.05 * std::sin(i * 1.7);
        MemoryEvent event = memoryEvent(i + 1, i % 2 ? "book.txt#text" : "book.txt#answer", i * 4, i * 4 + 3,
                                        "event " + std::to_string(i) + " of the book", usage, i % 50 == 7);
        event.numSlots = 1; // so that as many as there can be are there
        event.tokenIds.resize(1);
        event.slots.resize(1);
        event.modalities.resize(1);
        event.reads.resize(1);
        for (auto *column : {&event.usages, &event.surprises, &event.strengths}) column->resize(1);
        event.age = (numEvents - i) * 4;
        report.events.push_back(std::move(event));
    }
    return report;
}

inline const char *sampleSpec()
{
    return R"({"spec":{"spec_version":1,"model":{"context":1024,"window":256},"plugins":{"use":["memory@1.0.0"],
        "memory":{"episodic_size":4096,"registers":16,"semantic_size":16384,"semantic_heads":2,"semantic_top_k":16}}},"digest":"x"})";
}

/// Two heads read from the text's own past, one from the semantic memory.
inline InspectReport sampleReads()
{
    InspectReport report;
    report.model = "code-7M@8000";
    for (const char *bytes : {"The", " key", " to", " the", " lab", ".", " Where", " is", " the", " key"}) {
        InspectedToken token;
        token.bytes = bytes;
        report.tokens.push_back(token);
    }
    report.token = 9;
    report.reads = {{.head = {2, 0},
                     .memory = "episodic",
                     .gate = 0.31,
                     .slots = {{4, -1, 2, 0.7}, {9, -1, 1, 0.2}, {1, -1, 4, 0.1}}},
                    {.head = {2, 1}, .memory = "episodic", .gate = 0.02, .slots = {{4, -1, 3, 1.0}}},
                    {.head = {3, 0},
                     .memory = "semantic",
                     .gate = 0.5,
                     .slots = {{12'345, -1, -1, 0.6}, {77, -1, -1, 0.4}}}};
    return report;
}

/// With the values that its ten tokens read most.
inline InspectReport sampleUses()
{
    InspectReport report = sampleReads();
    report.uses = {{.memory = "semantic",
                    .layer = 3,
                    .numTokens = 10,
                    .numHeads = 2,
                    .numValues = 301,
                    .values = {{12'345, 0.08, 17, {{0, 9, 0.6}, {1, 1, 0.41}, {0, 3, 0.3}, {0, 0, 0.2}}},
                               {77, 0.02, 2, {{0, 9, 0.4}, {1, 4, 0.004}}},
                               {1'048'575, 0.00001, 1, {{1, 200, 0.00001}}}}}};
    return report;
}

/// The same behind the sample memory: a token of event 9, one that was forgotten since, and one of the text.
inline InspectReport sampleMemoryReads()
{
    InspectReport report = sampleReads();
    report.reads[0].slots = {{9'002, 9, 122, 0.7}, {5'000, 5, 90, 0.2}, {4'100, -1, 1, 0.1}};
    return report;
}

inline TokenAlternative alternative(int32_t id, const char *bytes, double probability)
{
    TokenAlternative one;
    one.id = id;
    one.bytes = bytes;
    one.probability = probability;
    return one;
}

/// What is asked of a model: names of tokens, a comparison, or a look.
inline InspectReport sampleAnswer(const InspectRequest &request)
{
    static const char *const kWords[] = {" the", " key", " lab", " is", " under", " pot", ".", " she"};
    InspectReport report;
    if (!request.input.promptIds.empty()) {
        for (const int32_t id : request.input.promptIds) {
            InspectedToken token;
            token.id = id;
            token.bytes = kWords[id % 8];
            report.tokens.push_back(token);
        }
        return report;
    }
    if (!request.withMemory) return sampleReads();
    if (request.memoryEdits.empty()) return sampleMemoryReads();
    report.candidates = {alternative(310, " under", 0.62), alternative(311, " in", 0.21),
                         alternative(312, " on", 0.09), alternative(313, " lost", 0.03)};
    report.changed = {alternative(310, " under", 0.14), alternative(311, " in", 0.44),
                      alternative(312, " on", 0.2), alternative(313, " lost", 0.05),
                      alternative(314, " with", 0.08)};
    report.changedDivergence = 0.5831;
    return report;
}

/// A session with one run, its checkpoint, its spec and the sample memory.
inline void fillMemory(MemorySession &session)
{
    session.runList = {fakeRun("code-7M")};
    CheckpointInfo checkpoint;
    checkpoint.step = 8'000;
    session.checkpoints[QStringLiteral("code-7M")] = {checkpoint};
    session.specs[QStringLiteral("code-7M")] = QString::fromUtf8(sampleSpec());
    session.memory = sampleMemory();
    session.inspection = [](const QString &, const InspectRequest &request) { return sampleAnswer(request); };
}

} // namespace orrery::ui
