// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/maps_question.h"

#include <algorithm>

namespace orrery::ui {
namespace {

constexpr int64_t kOverviewEdge = 32;        ///< cells a side, as an overview of a whole text has
constexpr int64_t kMaxOverviewHeads = 4'096; ///< that the engine answers for at once

std::vector<int32_t> idsOf(const InspectReport &report)
{
    std::vector<int32_t> ids;
    ids.reserve(report.tokens.size());
    for (const InspectedToken &token : report.tokens) ids.push_back(token.id);
    return ids;
}

std::vector<HeadRef> allHeads(const InspectReport &report)
{
    std::vector<HeadRef> heads;
    for (int64_t layer = 0; layer < report.layers; ++layer)
        for (int64_t head = 0; head < report.heads; ++head) heads.push_back({layer, head});
    return heads;
}

/// The engine answers about a longer text than the context by what the model had before it at a token.
bool isOfPart(const InspectReport &report)
{
    return !report.overview.empty() && report.overview.front().numRows < std::ssize(report.tokens);
}

/// An engine of before whole maps were read as they were said has the row of one token then, and no overview.
bool isOfOneToken(const InspectReport &report)
{
    return report.saidWith == SaidWith::State && report.overview.empty();
}

bool isOfSameRows(const AttentionMap &one, const AttentionMap &other)
{
    return one.firstRow == other.firstRow && one.numRows == other.numRows;
}

} // namespace

MapsQuestion::MapsQuestion(EngineSession &session, QObject *parent)
    : QObject(parent), m_question(new ModelQuestion(session, this))
{
    connect(m_question, &ModelQuestion::answered, this, &MapsQuestion::onAnswer);
    connect(m_question, &ModelQuestion::failed, this, &MapsQuestion::onFailure);
    connect(m_question, &ModelQuestion::stateChanged, this, &MapsQuestion::stateChanged);
    connect(m_question, &ModelQuestion::amountChanged, this, &MapsQuestion::amountChanged);
}

void MapsQuestion::ask(const QString &model, const InspectRequest &request, int64_t token)
{
    m_model = model;
    m_first = m_request = request;
    m_token = token;
    if (!request.wantsOverview) return askForWindow();
    m_phase = Phase::Whole;
    m_question->ask(model, request);
}

void MapsQuestion::cancel() { m_question->cancel(); }

void MapsQuestion::askForWindow()
{
    m_phase = Phase::Window;
    m_request.wantsOverview = false;
    m_request.token = m_token;
    m_question->ask(m_model, m_request);
}

/// As the whole text, which was too long; only now it is known that this makes a difference.
void MapsQuestion::askAtToken()
{
    m_request.token = m_token;
    m_question->ask(m_model, m_request);
}

/// Of a window whose overview is not known, each head is asked for with few cells.
void MapsQuestion::askForHeads(const InspectReport &report)
{
    m_window = report;
    m_phase = Phase::Heads;
    InspectRequest request = m_request;
    request.heads = allHeads(report);
    request.maxEdge = kOverviewEdge;
    m_question->ask(m_model, request);
}

void MapsQuestion::onAnswer(const InspectReport &report)
{
    if (m_phase == Phase::Whole) {
        if (isOfOneToken(report)) {
            m_first.asSaid = m_request.asSaid = false;
            m_question->ask(m_model, m_request);
            return;
        }
        m_isWindow = isOfPart(report);
        if (m_isWindow && m_token >= 0 && m_token != report.token) return askAtToken();
        m_overview = {};
        if (m_isWindow) {
            m_overview = {m_model, idsOf(report), report.overview};
            m_request.wantsOverview = false; // another head of the same window needs no other one
            m_request.token = m_token;
        }
        Q_EMIT answered(report);
        return;
    }
    if (m_phase == Phase::Heads) {
        m_overview = {m_model, idsOf(m_window), report.maps};
        return give(std::move(m_window), report.maps);
    }
    const int64_t numHeads = report.layers * report.heads;
    if (isOverviewOf(report))
        give(report, m_overview.maps);
    else if (numHeads > 0 && numHeads <= kMaxOverviewHeads)
        askForHeads(report);
    else
        give(report, {});
}

void MapsQuestion::onFailure(const Error &error)
{
    // A whole text may be refused because it is too long. What is wrong with another one is said again.
    if (m_phase == Phase::Whole && error.code == ErrorCode::InvalidInput) return askForWindow();
    if (m_phase == Phase::Heads) return give(std::move(m_window), {}); // the map alone is something
    m_request = m_first; // it was no window: what is opened next begins with the whole text again
    Q_EMIT failed(error);
}

bool MapsQuestion::isOverviewOf(const InspectReport &report) const
{
    // Weights in training are others a moment later.
    if (m_model.endsWith(QLatin1String("@live")) || m_overview.model != m_model) return false;
    return !report.maps.empty() && !m_overview.maps.empty() &&
           isOfSameRows(report.maps.front(), m_overview.maps.front()) && m_overview.ids == idsOf(report);
}

void MapsQuestion::give(InspectReport report, const std::vector<AttentionMap> &overview)
{
    m_isWindow = true;
    const bool isOfIt =
        !overview.empty() && !report.maps.empty() && isOfSameRows(overview.front(), report.maps.front());
    report.overview = isOfIt ? overview : report.maps; // without one, the open heads are all there is
    Q_EMIT answered(report);
}

} // namespace orrery::ui
