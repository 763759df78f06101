// SPDX-License-Identifier: Apache-2.0
#include "plugins/memory/engine/episodic_state.h"

#include "plugins/memory/engine/consolidation.h"
#include "plugins/memory/engine/episodic_places.h"
#include "plugins/memory/engine/replay_texts.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace orrery::memory {

namespace {

constexpr int64_t kFromBefore = std::numeric_limits<int64_t>::min(); ///< the text's first token may read it
constexpr int64_t kFirstRoom = 256;                                  ///< slots

/// What is left of usage when so many tokens have left the window.
double decay(int64_t numTokens) { return std::pow(kUsageDecay, static_cast<double>(numTokens)); }

} // namespace

EpisodicState::EpisodicState(const EpisodicSettings &settings, const StateShape &shape, int64_t batch)
    : m_settings(settings), m_shape(shape)
{
    for (int64_t b = 0; b < batch; ++b) m_sequences.emplace_back(settings.store);
}

std::shared_ptr<nn::PartState> EpisodicState::clone() const
{
    auto copy = std::make_shared<EpisodicState>(*this);
    const auto own = [](at::Tensor &x) {
        if (x.defined()) x = x.clone();
    };
    for (Sequence &sequence : copy->m_sequences) {
        own(sequence.keys_HSD);
        own(sequence.values_HSD);
    }
    own(copy->m_keys_BHPD);
    own(copy->m_values_BHPD);
    own(copy->lastKey_BH1D);
    return copy;
}

void EpisodicState::endText(const nn::KvCache &cache)
{
    settle(kNever, cache.surprise_BT);
    for (Sequence &sequence : m_sequences)
        for (int64_t &from : sequence.readableFrom)
            if (from != kNever) from = kFromBefore;
    m_nextPlace = 0;
    lastKey_BH1D = at::Tensor();
    lastSource.clear();
}

void EpisodicState::settle(int64_t place, const at::Tensor &surprise_BT)
{
    if (surprise_BT.defined() && m_numAppended > 0) {
        const int64_t count = std::min({m_numAppended, surprise_BT.size(1), std::ssize(m_waiting)});
        const at::Tensor host_BT = surprise_BT.to(at::kCPU, at::kFloat).contiguous();
        for (int64_t i = 0; i < count; ++i)
            for (int64_t b = 0; b < host_BT.size(0); ++b)
                m_waiting[m_waiting.size() - static_cast<size_t>(count - i)]
                    .surprise_B[static_cast<size_t>(b)] =
                    host_BT.data_ptr<float>()[b * host_BT.size(1) + host_BT.size(1) - count + i];
    }
    m_numAppended = 0;
    int64_t count = 0;
    while (count < std::ssize(m_waiting) &&
           m_waiting[static_cast<size_t>(count)].place <= place - m_shape.window)
        ++count;
    if (count > 0) storeFirst(count);
}

void EpisodicState::storeFirst(int64_t count)
{
    m_undo.clear(); // what an edit freed may be given away now
    const int64_t numLeaving = std::max<int64_t>(0, count - m_numLeft);
    for (int64_t p = 0; p < count; ++p)
        for (double &usage : m_waiting[static_cast<size_t>(p)].usage_B)
            usage = p < m_numLeft ? usage * decay(numLeaving) : decay(count - 1 - p);
    for (size_t b = 0; b < m_sequences.size(); ++b) {
        const auto index = static_cast<int64_t>(b);
        m_sequences[b].store.fade(numLeaving);
        writeSlots(m_sequences[b], index, count, worthKeeping(index, count));
    }
    m_numLeft = std::max<int64_t>(0, m_numLeft - count);
    m_waiting.erase(m_waiting.begin(), m_waiting.begin() + count);
    const int64_t numLeft = m_keys_BHPD.size(2) - count;
    m_keys_BHPD = m_keys_BHPD.narrow(2, count, numLeft).contiguous();
    m_values_BHPD = m_values_BHPD.narrow(2, count, numLeft).contiguous();
}

std::vector<bool> EpisodicState::worthKeeping(int64_t index, int64_t count) const
{
    std::vector<bool> isKept;
    const bool keepsAll = m_settings.writeSurprise <= 0 && m_settings.writeNovelty <= 0;
    for (int64_t p = 0; p < count; ++p) {
        const Waiting &waiting = m_waiting[static_cast<size_t>(p)];
        const bool isSurprising = m_settings.writeSurprise > 0 &&
                                  waiting.surprise_B[static_cast<size_t>(index)] >= m_settings.writeSurprise;
        isKept.push_back(!waiting.isWiped && (keepsAll || isSurprising));
    }
    if (m_settings.writeNovelty <= 0) return isKept;
    // The nearest of what is stored, then also of what is kept of those before: each as if it came alone.
    const at::Tensor keys_HCD = m_keys_BHPD[index].narrow(1, 0, count);
    at::Tensor nearest_HC = nearestStored(index, keys_HCD);
    const at::Tensor host_HCD = keys_HCD.to(at::kCPU, at::kFloat);
    for (int64_t p = 0; p < count; ++p) {
        if (m_waiting[static_cast<size_t>(p)].isWiped) continue;
        const double novelty = 1 - nearest_HC.select(1, p).mean().item<double>();
        const bool isNew = novelty >= m_settings.writeNovelty;
        isKept[static_cast<size_t>(p)] = isKept[static_cast<size_t>(p)] || isNew;
        if (!isKept[static_cast<size_t>(p)] || p + 1 == count) continue;
        const at::Tensor later_HRD = host_HCD.narrow(1, p + 1, count - p - 1);
        const at::Tensor cosine_HR = at::matmul(later_HRD, host_HCD.narrow(1, p, 1).transpose(1, 2)).squeeze(2);
        at::Tensor own_HR = nearest_HC.narrow(1, p + 1, count - p - 1);
        own_HR.copy_(at::maximum(own_HR, cosine_HR));
    }
    return isKept;
}

at::Tensor EpisodicState::nearestStored(int64_t index, const at::Tensor &keys_HCD) const
{
    const ReadPart stored = parts(index).front();
    if (stored.keys_HSD.size(1) == 0) return at::full({keys_HCD.size(0), keys_HCD.size(1)}, -1.0F, at::kFloat);
    return at::matmul(keys_HCD, stored.keys_HSD.transpose(1, 2))
        .masked_fill_((stored.readableFrom_S == kNever).view({1, 1, -1}), -1.0)
        .amax(-1)
        .to(at::kCPU, at::kFloat);
}

void EpisodicState::writeSlots(Sequence &sequence, int64_t index, int64_t count,
                               const std::vector<bool> &isKept)
{
    std::map<int64_t, int64_t> tokenOfSlot; // a slot may be given again within one call: the last one counts
    for (int64_t p = 0; p < count; ++p) {
        const Waiting &waiting = m_waiting[static_cast<size_t>(p)];
        const auto b = static_cast<size_t>(index);
        const float surprise = waiting.surprise_B[b];
        const TokenOrigin origin{waiting.source,        waiting.place,
                                 waiting.ids_B[b],      waiting.step,
                                 std::isnan(surprise) ? std::nullopt : std::optional<double>(surprise),
                                 waiting.modality_B[b]};
        sequence.store.advance(1);
        if (!isKept[static_cast<size_t>(p)]) {
            if (!waiting.isWiped) sequence.store.skip(origin);
            continue;
        }
        if (const auto slot = sequence.store.write(origin, waiting.read_B[b], waiting.usage_B[b]))
            tokenOfSlot[*slot] = p; // else counted and told
    }
    if (tokenOfSlot.empty()) return;
    const auto numSlots = static_cast<int64_t>(sequence.store.slots().size());
    makeRoom(sequence, numSlots, m_keys_BHPD[index], m_settings.store.capacity);
    sequence.readableFrom.resize(static_cast<size_t>(numSlots), kNever);
    std::vector<int64_t> slots, tokens;
    for (const auto &[slot, token] : tokenOfSlot) {
        slots.push_back(slot);
        tokens.push_back(token);
        sequence.readableFrom[static_cast<size_t>(slot)] =
            m_waiting[static_cast<size_t>(token)].place + m_shape.window;
    }
    const at::Device device = m_keys_BHPD.device();
    const at::Tensor to = placesOn(slots, device), from = placesOn(tokens, device);
    sequence.keys_HSD.index_copy_(1, to, m_keys_BHPD[index].index_select(1, from));
    sequence.values_HSD.index_copy_(1, to, m_values_BHPD[index].index_select(1, from));
}

void EpisodicState::makeRoom(Sequence &sequence, int64_t numSlots, const at::Tensor &like_HPD,
                             int64_t capacity)
{
    const int64_t room = sequence.keys_HSD.defined() ? sequence.keys_HSD.size(1) : 0;
    if (numSlots <= room) return;
    const int64_t wanted = std::min(capacity, std::max({kFirstRoom, 2 * room, numSlots}));
    const auto grown = [&](const at::Tensor &old) {
        at::Tensor made = at::zeros({like_HPD.size(0), wanted, like_HPD.size(2)}, like_HPD.options());
        if (old.defined()) made.narrow(1, 0, room).copy_(old);
        return made;
    };
    sequence.keys_HSD = grown(sequence.keys_HSD);
    sequence.values_HSD = grown(sequence.values_HSD);
}

/// What was loaded before the first pass has the model's type from then on.
void EpisodicState::adopt(const at::TensorOptions &options)
{
    for (Sequence &sequence : m_sequences) {
        if (!sequence.keys_HSD.defined()) continue;
        sequence.keys_HSD = sequence.keys_HSD.to(options);
        sequence.values_HSD = sequence.values_HSD.to(options);
    }
}

void EpisodicState::append(const Pass &pass)
{
    const int64_t numTokens = pass.keys_BHTD.size(2);
    const int64_t numKnown = std::clamp<int64_t>(m_nextPlace - pass.place, 0, numTokens);
    const int64_t numNew = numTokens - numKnown;
    m_undo.clear(); // what was read since knows of the edit
    if (numNew == 0) return leaveWindow(pass);
    adopt(pass.keys_BHTD.options());
    const auto joined = [&](const at::Tensor &old, const at::Tensor &all) {
        const at::Tensor fresh = all.narrow(2, numKnown, numNew);
        return old.defined() ? at::cat({old, fresh}, 2) : fresh.contiguous();
    };
    m_keys_BHPD = joined(m_keys_BHPD, pass.keys_BHTD);
    m_values_BHPD = joined(m_values_BHPD, pass.values_BHTD);
    for (Sequence &sequence : m_sequences) sequence.store.tick(numNew);
    const at::Tensor ids_BT = pass.ids_BT.to(at::kCPU).contiguous();
    for (int64_t t = numKnown; t < numTokens; ++t) {
        Waiting waiting{.place = pass.place + t,
                        .step = pass.step,
                        .source = pass.source_T[static_cast<size_t>(t)],
                        .ids_B = {},
                        .surprise_B = {},
                        .usage_B = {},
                        .modality_B = {},
                        .read_B = {}};
        for (int64_t b = 0; b < ids_BT.size(0); ++b) {
            const int64_t at = b * numTokens + t;
            waiting.ids_B.push_back(static_cast<int32_t>(ids_BT.data_ptr<int64_t>()[at]));
            waiting.modality_B.push_back(pass.modalityAt(static_cast<size_t>(at)));
        }
        waiting.surprise_B.resize(waiting.ids_B.size(), std::numeric_limits<float>::quiet_NaN());
        waiting.usage_B.resize(waiting.ids_B.size(), 1);
        waiting.read_B.resize(waiting.ids_B.size());
        m_waiting.push_back(std::move(waiting));
    }
    m_nextPlace = pass.place + numTokens;
    m_numAppended = numNew;
    leaveWindow(pass);
}

/// One token may leave the window with each query: then usage fades, and that token's own begins.
void EpisodicState::leaveWindow(const Pass &pass)
{
    const int64_t numTokens = pass.keys_BHTD.size(2);
    const int64_t first = m_waiting.empty() ? 0 : m_waiting.front().place;
    // Of those that wait, how many a query of this pass finds out of its window; their places are in order.
    const auto numLeftBy = [&](int64_t place) {
        return std::clamp<int64_t>(place - m_shape.window - first + 1, m_numLeft, std::ssize(m_waiting));
    };
    const int64_t numLeft = m_waiting.empty() ? m_numLeft : numLeftBy(pass.place + numTokens - 1);
    m_shares_T = at::Tensor();
    if (numLeft == m_numLeft) return; // as with each single token: settle() was before it
    std::vector<float> shares;
    for (int64_t t = 0; t < numTokens; ++t)
        shares.push_back(static_cast<float>(decay(numLeft - std::min(numLeft, numLeftBy(pass.place + t)))));
    m_shares_T = at::tensor(shares, at::kFloat).to(pass.keys_BHTD.device());
    for (int64_t p = 0; p < numLeft; ++p)
        for (double &usage : m_waiting[static_cast<size_t>(p)].usage_B)
            usage = p < m_numLeft ? usage * decay(numLeft - m_numLeft) : decay(numLeft - 1 - p);
    for (Sequence &sequence : m_sequences) sequence.store.fade(numLeft - m_numLeft);
    m_numLeft = numLeft;
}

std::vector<ReadPart> EpisodicState::parts(int64_t sequence) const
{
    const Sequence &own = m_sequences[static_cast<size_t>(sequence)];
    const at::Tensor keys_HPD = m_keys_BHPD[sequence], values_HPD = m_values_BHPD[sequence];
    const auto numSlots = static_cast<int64_t>(own.readableFrom.size());
    std::vector<int64_t> waitingFrom;
    for (const Waiting &waiting : m_waiting)
        waitingFrom.push_back(waiting.isWiped ? kNever : waiting.place + m_shape.window);
    const at::Device device = keys_HPD.device();
    const at::Tensor slots = numSlots > 0 ? own.keys_HSD : keys_HPD,
                     values = numSlots > 0 ? own.values_HSD : values_HPD;
    std::vector<ReadPart> parts = {
        {slots.narrow(1, 0, numSlots), values.narrow(1, 0, numSlots), placesOn(own.readableFrom, device)},
        {keys_HPD, values_HPD, placesOn(waitingFrom, device)}};
    if (own.store.hasStrengths()) {
        std::vector<float> strengths;
        for (const Slot &slot : own.store.slots()) strengths.push_back(slot.strength);
        parts.front().strength_S = at::tensor(strengths, at::kFloat).to(values.options());
    }
    return parts;
}

EpisodicState::Contents EpisodicState::contents(int64_t sequence) const
{
    std::vector<int64_t> events, places;
    for (const Slot &slot : m_sequences[static_cast<size_t>(sequence)].store.slots()) {
        events.push_back(slot.event == 0 ? -1 : slot.event);
        places.push_back(slot.position);
    }
    for (const Waiting &waiting : m_waiting) {
        events.push_back(-1);
        places.push_back(waiting.place);
    }
    const at::Device device = m_keys_BHPD.device();
    return {placesOn(events, device), placesOn(places, device)};
}

void EpisodicState::noteRead(int64_t sequence, const ReadResult &result, const Pass &pass)
{
    const at::Tensor host = result.weights_S.front().to(at::kCPU, at::kFloat).contiguous();
    const at::Tensor waiting = result.weights_S.back().to(at::kCPU, at::kFloat).contiguous();
    EpisodicStore &store = m_sequences[static_cast<size_t>(sequence)].store;
    const int64_t numSlots = host.numel(), numTokens = pass.ids_BT.size(1);
    for (int64_t s = 0; s < numSlots; ++s)
        if (const float weight = host.data_ptr<float>()[s]; weight > 0) store.noteRead(s, weight);
    for (int64_t p = 0; p < waiting.numel(); ++p)
        m_waiting[static_cast<size_t>(p)].usage_B[static_cast<size_t>(sequence)] += waiting.data_ptr<float>()[p];
    for (const KeyRead &key : result.last) {
        const int64_t at = sequence * numTokens + key.query, place = pass.place + key.query;
        const LastRead read{.at = store.clock() - (m_nextPlace - 1 - place),
                            .place = place,
                            .tokenId = static_cast<int32_t>(pass.ids_BT.const_data_ptr<int64_t>()[at]),
                            .reader = store.readerOf(pass.source_T[static_cast<size_t>(key.query)]),
                            .head = static_cast<int32_t>(key.head),
                            .weight = key.weight,
                            .modality = pass.modalityAt(static_cast<size_t>(at))};
        if (key.key < numSlots)
            store.noteLastRead(key.key, read);
        else
            m_waiting[static_cast<size_t>(key.key - numSlots)].read_B[static_cast<size_t>(sequence)].join(
                read);
    }
}

std::vector<MemoryEvent> EpisodicState::listEvents() const
{
    std::vector<MemoryEvent> events = m_sequences.front().store.listEvents();
    for (MemoryEvent &event : events)
        for (SlotRead &read : event.reads)
            if (read.isThere()) read.layer = m_shape.layer;
    return events;
}

int64_t EpisodicState::firstReader(int64_t sequence) const
{
    int64_t first = kNever;
    for (const int64_t from : m_sequences[static_cast<size_t>(sequence)].readableFrom)
        first = std::min(first, from);
    for (const Waiting &waiting : m_waiting)
        if (!waiting.isWiped) first = std::min(first, waiting.place + m_shape.window);
    return first;
}

int64_t EpisodicState::wipe(const std::string &source)
{
    int64_t numFreed = 0;
    m_undo.clear(); // nothing of the source is left, not even what an edit had taken away
    for (Sequence &sequence : m_sequences) {
        const std::vector<int64_t> freed = sequence.store.wipe(source);
        if (!freed.empty()) {
            const at::Tensor rows = placesOn(freed, sequence.keys_HSD.device());
            sequence.keys_HSD.index_fill_(1, rows, 0);
            sequence.values_HSD.index_fill_(1, rows, 0);
            for (const int64_t slot : freed) sequence.readableFrom[static_cast<size_t>(slot)] = kNever;
        }
        numFreed += static_cast<int64_t>(freed.size());
    }
    if (isOfSource(lastSource, source)) lastKey_BH1D = at::Tensor();
    for (Waiting &waiting : m_waiting)
        for (size_t b = 0; b < m_sequences.size(); ++b)
            m_sequences[b].store.dropWipedReader(waiting.read_B[b]);
    for (size_t p = 0; p < m_waiting.size(); ++p)
        if (isOfSource(m_waiting[p].source, source) && !m_waiting[p].isWiped) {
            m_waiting[p].isWiped = true;
            m_keys_BHPD.select(2, static_cast<int64_t>(p)).zero_();
            m_values_BHPD.select(2, static_cast<int64_t>(p)).zero_();
        }
    return numFreed;
}

Result<void> EpisodicState::save(const std::filesystem::path &path) const
{
    const Sequence &own = m_sequences.front();
    const auto image = own.store.image();
    const auto numSlots = static_cast<int64_t>(image.slots.size());
    const auto rows = [&](const at::Tensor &all_HSD) {
        if (numSlots == 0) return at::empty({0}, at::kFloat);
        return all_HSD.narrow(1, 0, numSlots).to(at::kCPU, at::kFloat).contiguous();
    };
    const at::Tensor keys = rows(own.keys_HSD), values = rows(own.values_HSD);
    const auto span = [](const at::Tensor &x) {
        return std::span(x.const_data_ptr<float>(), static_cast<size_t>(x.numel()));
    };
    return writeEpisodicFile(path, {m_shape.numHeads, m_shape.headWidth}, image, span(keys), span(values), m_origin);
}

Result<void> EpisodicState::load(const std::filesystem::path &path)
{
    const EpisodicShape own{m_shape.numHeads, m_shape.headWidth};
    auto image = readEpisodicFile(path, own, m_settings.store.capacity);
    if (!image) return image.error();
    // What a file of before modalities were kept does not say.
    for (Slot &slot : image->store.slots)
        if (slot.modality == Modality::Unknown && m_shape.numModalities < 2) slot.modality = Modality::Text;
    Sequence &sequence = m_sequences.front();
    ORRERY_TRY(sequence.store.restore(image->store));
    m_origin = std::move(image->origin);
    m_undo.clear();
    // Who read what waits was named by the names of before.
    for (Waiting &waiting : m_waiting)
        for (LastRead &read : waiting.read_B) read = {};
    const auto numSlots = static_cast<int64_t>(image->store.slots.size());
    const at::TensorOptions options =
        m_keys_BHPD.defined() ? m_keys_BHPD.options() : at::TensorOptions(at::kFloat).device(m_shape.device);
    const auto tensor = [&](std::vector<float> &values) {
        return at::from_blob(values.data(), {own.numHeads, numSlots, own.headWidth}, at::kFloat)
            .to(options.device(), options.dtype().toScalarType(), false, true);
    };
    sequence.keys_HSD = tensor(image->keys_HSD);
    sequence.values_HSD = tensor(image->values_HSD);
    sequence.readableFrom.assign(static_cast<size_t>(numSlots), kNever);
    // What was read before this text: all of it may be read from its beginning.
    for (int64_t s = 0; s < numSlots; ++s)
        if (image->store.slots[static_cast<size_t>(s)].event != 0)
            sequence.readableFrom[static_cast<size_t>(s)] = kFromBefore;
    return {};
}

Result<Consolidation> EpisodicState::consolidate(nn::Transformer &model,
                                                 const std::vector<std::vector<int32_t>> &background,
                                                 const ConsolidationSettings &settings,
                                                 const std::atomic<bool> &cancel)
{
    return consolidateBeside(model, replayTexts(m_sequences.front().store), background, settings, cancel);
}

} // namespace orrery::memory
