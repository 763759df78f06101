// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/exact_cells.h"

#include "widgets/attention/model_question.h"

#include <algorithm>

namespace orrery::ui {

ExactCells::ExactCells(EngineSession &session, QObject *parent)
    : QObject(parent), m_now(new ModelQuestion(session, this)), m_before(new ModelQuestion(session, this))
{
    for (ModelQuestion *question : {m_now, m_before}) {
        connect(question, &ModelQuestion::stateChanged, this, &ExactCells::stateChanged);
        connect(question, &ModelQuestion::amountChanged, this, &ExactCells::amountChanged);
        connect(question, &ModelQuestion::failed, this, [this](const Error &error) {
            forget(); // half of a difference is none
            Q_EMIT failed(error);
        });
    }
    connect(m_now, &ModelQuestion::answered, this,
            [this](const InspectReport &report) { take(m_maps, report); });
    connect(m_before, &ModelQuestion::answered, this,
            [this](const InspectReport &report) { take(m_baseMaps, report); });
}

void ExactCells::take(std::optional<std::vector<AttentionMap>> &maps, const InspectReport &report)
{
    maps = report.maps;
    if (has(m_request.heads, m_base)) Q_EMIT answered();
}

void ExactCells::ask(const QString &model, const QString &base, const InspectRequest &request)
{
    const bool isSame = model == m_model && base == m_base && m_request.rows == request.rows &&
                        m_request.columns == request.columns && m_request.heads == request.heads;
    if (isSame && isAsking()) return;
    forget();
    m_model = model;
    m_base = base;
    m_request = request;
    m_now->ask(model, request);
    if (base.isEmpty()) return;
    InspectRequest before = request;
    before.asSaid = false; // other weights have said nothing
    m_before->ask(base, before);
}

void ExactCells::forget()
{
    m_maps.reset();
    m_baseMaps.reset();
    m_now->cancel();
    m_before->cancel();
}

bool ExactCells::isAsking() const { return m_now->isAsking() || m_before->isAsking(); }

std::optional<InspectAmount> ExactCells::amount() const
{
    if (!m_now->amount() && !m_before->amount()) return std::nullopt;
    const int64_t wanted = std::ssize(m_request.heads);
    InspectAmount all;
    const auto add = [&](const ModelQuestion &question, double share) {
        const InspectAmount here{.numMaps = wanted, .numWanted = wanted, .share = 1}, none{.numWanted = wanted};
        const InspectAmount told = question.amount().value_or(none);
        if (question.isAsking() && told.numWanted == 0) all.reading = told.reading;
        const InspectAmount one = !question.isAsking() ? here : told.numWanted > 0 ? told : none;
        all.numMaps += one.numMaps;
        all.numWanted += one.numWanted;
        all.share += share * one.share;
    };
    add(*m_now, m_base.isEmpty() ? 1 : 0.5);
    if (!m_base.isEmpty()) add(*m_before, 0.5);
    return all;
}

bool ExactCells::has(const std::vector<HeadRef> &heads, const QString &base) const
{
    return m_maps && base == m_base && (base.isEmpty() || m_baseMaps) && heads == m_request.heads;
}

std::vector<HeadMatrix> ExactCells::matrices(const std::vector<InspectedToken> &tokens,
                                             Granularity granularity) const
{
    std::vector<HeadMatrix> found;
    if (!m_maps) return found;
    const std::vector<TokenRange> groups = groupTokens(tokens, granularity);
    const auto matrixOf = [&](const AttentionMap &map) {
        const HeadMatrix matrix = toMatrix(map);
        return granularity == Granularity::Token || matrix.isPooled() ? matrix : grouped(matrix, groups);
    };
    for (const AttentionMap &map : *m_maps) {
        HeadMatrix matrix = matrixOf(map);
        if (m_baseMaps) {
            const auto before =
                std::find_if(m_baseMaps->begin(), m_baseMaps->end(),
                             [&map](const AttentionMap &one) { return one.head == map.head; });
            const std::optional<HeadMatrix> change =
                before == m_baseMaps->end() ? std::nullopt : difference(matrix, matrixOf(*before));
            matrix = change.value_or(HeadMatrix{});
        }
        if (!matrix.isEmpty()) found.push_back(std::move(matrix));
    }
    // As on the whole map: changes of several heads are read by nobody.
    if (m_baseMaps && found.size() > 1) found.resize(1);
    return found;
}

} // namespace orrery::ui
