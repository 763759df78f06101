// SPDX-License-Identifier: Apache-2.0
// What somebody does to single memories who looks at them: forgets or weakens them, takes it back, compares
// them.
#include "plugins/memory/engine/episodic_state.h"

#include "plugins/memory/engine/episodic_places.h"

#include <torch/types.h>

#include <algorithm>

namespace orrery::memory {

namespace {

constexpr int64_t kMaxCompared = 1024; ///< events

at::Tensor slotNumbers(const EpisodicStore::EditRecord &record, at::Device device)
{
    std::vector<int64_t> numbers;
    for (const auto &[slot, row] : record.slots) numbers.push_back(slot);
    return placesOn(numbers, device);
}

} // namespace

int64_t EpisodicState::UndoStep::numBytes() const
{
    const auto size = [](const at::Tensor &x) {
        return x.defined() ? x.numel() * static_cast<int64_t>(x.element_size()) : 0;
    };
    return size(keys_HRD) + size(values_HRD) +
           static_cast<int64_t>(record.slots.size() * sizeof(record.slots.front()) +
                                readableFrom.size() * sizeof(int64_t));
}

void EpisodicState::keepForUndo(UndoStep step)
{
    m_undo.push_back(std::move(step));
    int64_t numBytes = 0;
    size_t numKept = 0; // from the end
    while (numKept < std::min(m_undo.size(), kMaxUndoSteps)) {
        numBytes += m_undo[m_undo.size() - 1 - numKept].numBytes();
        if (numBytes > kMaxUndoBytes) break;
        ++numKept;
    }
    m_undo.erase(m_undo.begin(), m_undo.end() - static_cast<int64_t>(numKept));
}

int64_t EpisodicState::takeAway(EpisodicStore::EditRecord record)
{
    Sequence &own = m_sequences.front();
    const at::Tensor rows = slotNumbers(record, own.keys_HSD.device());
    UndoStep step{.record = std::move(record),
                  .keys_HRD = own.keys_HSD.index_select(1, rows),
                  .values_HRD = own.values_HSD.index_select(1, rows),
                  .readableFrom = {}};
    own.keys_HSD.index_fill_(1, rows, 0);
    own.values_HSD.index_fill_(1, rows, 0);
    for (const auto &[slot, row] : step.record.slots) {
        int64_t &from = own.readableFrom[static_cast<size_t>(slot)];
        step.readableFrom.push_back(std::exchange(from, kNever));
    }
    const auto numFreed = static_cast<int64_t>(step.record.slots.size());
    keepForUndo(std::move(step));
    return numFreed;
}

Result<int64_t> EpisodicState::undo()
{
    if (m_undo.empty())
        return Error{ErrorCode::NotFound,
                     "Cannot undo a change of the episodic memory: there is none to take back, expected one "
                     "since the last token was read.",
                     "A change can be taken back until the model reads on, a source is wiped or a file is "
                     "loaded."};
    const UndoStep step = std::move(m_undo.back());
    m_undo.pop_back();
    Sequence &own = m_sequences.front();
    own.store.revert(step.record);
    if (!step.record.isForgotten) return 0;
    const at::Tensor rows = slotNumbers(step.record, own.keys_HSD.device());
    own.keys_HSD.index_copy_(1, rows, step.keys_HRD.to(own.keys_HSD.options()));
    own.values_HSD.index_copy_(1, rows, step.values_HRD.to(own.values_HSD.options()));
    for (size_t i = 0; i < step.readableFrom.size(); ++i)
        own.readableFrom[static_cast<size_t>(step.record.slots[i].first)] = step.readableFrom[i];
    return 0;
}

Result<int64_t> EpisodicState::change(const MemoryEdit &edit)
{
    EpisodicStore &store = m_sequences.front().store;
    switch (edit.verb) {
    case MemoryVerb::Forget: {
        ORRERY_ASSIGN(auto record, store.forget(edit.event));
        return takeAway(std::move(record));
    }
    case MemoryVerb::ForgetSlot: {
        ORRERY_ASSIGN(auto record, store.forgetSlot(edit.slot));
        return takeAway(std::move(record));
    }
    case MemoryVerb::Scale: {
        ORRERY_ASSIGN(auto record, edit.slot < 0 ? store.scaleEvent(edit.event, edit.factor)
                                                 : store.scaleSlot(edit.slot, edit.factor));
        // Also one that changed nothing: whoever counts changes takes back as many.
        keepForUndo({.record = std::move(record), .keys_HRD = {}, .values_HRD = {}, .readableFrom = {}});
        return 0;
    }
    case MemoryVerb::Undo:
        return undo();
    default:
        return MemoryControl::change(edit);
    }
}

Result<std::vector<float>> EpisodicState::similarity(int64_t maxEvents, std::vector<int64_t> &events) const
{
    if (maxEvents < 1 || maxEvents > kMaxCompared)
        return Error{ErrorCode::InvalidInput,
                     "Cannot compare events: " + std::to_string(maxEvents) + " of them, expected 1 to " +
                         std::to_string(kMaxCompared) + ".",
                     "Ask for fewer of the newest events."};
    const Sequence &own = m_sequences.front();
    std::vector<MemoryEvent> listed = listEvents(); // by number: the newest last
    if (std::ssize(listed) > maxEvents) listed.erase(listed.begin(), listed.end() - maxEvents);
    events.clear();
    std::vector<int64_t> slots, rows; // R taken slots, and the row (E) of each one's event
    std::vector<float> shares;
    for (size_t e = 0; e < listed.size(); ++e) {
        events.push_back(listed[e].id);
        for (const int64_t slot : listed[e].slots) {
            slots.push_back(slot);
            rows.push_back(static_cast<int64_t>(e));
            shares.push_back(1 / static_cast<float>(listed[e].slots.size()));
        }
    }
    if (events.empty()) return std::vector<float>{};
    const at::NoGradGuard noGrad;
    const at::Device device = own.keys_HSD.device();
    const at::Tensor keys_HRD = own.keys_HSD.index_select(1, placesOn(slots, device)).to(at::kFloat);
    at::Tensor mean_HED =
        at::zeros({keys_HRD.size(0), std::ssize(events), keys_HRD.size(2)}, keys_HRD.options());
    mean_HED.index_add_(1, placesOn(rows, device),
                        keys_HRD * at::tensor(shares, at::kFloat).to(device).view({1, -1, 1}));
    mean_HED /= mean_HED.norm(2, {-1}, true).clamp_min_(1e-12);
    const at::Tensor cosine_EE =
        at::matmul(mean_HED, mean_HED.transpose(1, 2)).mean(0).clamp_(-1, 1).to(at::kCPU).contiguous();
    return std::vector<float>(cosine_EE.const_data_ptr<float>(),
                              cosine_EE.const_data_ptr<float>() + cosine_EE.numel());
}

} // namespace orrery::memory
