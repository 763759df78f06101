// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/side_by_side.h"

#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/text_export.h"
#include "widgets/play/model_chooser.h"
#include "widgets/play/token_view.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QScrollArea>
#include <QSplitter>
#include <QToolButton>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kDifferencesMs = 50;

} // namespace

SideBySidePane::SideBySidePane(EngineSession &session, QWidget *parent)
    : QWidget(parent), m_session(session), m_splitter(new QSplitter(Qt::Horizontal, this)),
      m_add(makeIconButton(u"plus"_s, tr("Add a column"), this))
{
    setObjectName(u"sideBySide"_s);
    m_splitter->setObjectName(u"compareColumns"_s);
    m_splitter->setChildrenCollapsible(false);
    m_splitter->setHandleWidth(space::kOne); // two columns fit a window of 1440
    m_add->setObjectName(u"addColumn"_s);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    // Where the window is too narrow for all of them, they are scrolled: a column that is cut says nothing.
    auto *scroll = new QScrollArea(this);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setWidget(m_splitter);
    scroll->viewport()->setAutoFillBackground(false);
    m_splitter->setAutoFillBackground(false);
    layout->addWidget(scroll, 1);
    layout->addWidget(m_add, 0, Qt::AlignTop);
    connect(m_add, &QToolButton::clicked, this, &SideBySidePane::addColumn);
    m_differences.setSingleShot(true);
    connect(&m_differences, &QTimer::timeout, this, &SideBySidePane::showDifferences);
}

SideColumn *SideBySidePane::makeColumn()
{
    auto *column = new SideColumn(m_session, m_splitter);
    m_splitter->addWidget(column);
    m_columns.push_back(column);
    column->setCommon(m_common);
    column->setColored(m_isColored);
    if (!m_current) m_current = column;
    connect(column, &SideColumn::changed, this, &SideBySidePane::changed);
    connect(column, &SideColumn::removeRequested, this, [this, column] { remove(column); });
    connect(column, &SideColumn::tokensCame, this, [this] {
        if (!m_differences.isActive()) m_differences.start(kDifferencesMs);
        Q_EMIT tokensCame();
    });
    connect(column, &SideColumn::ended, this, [this] {
        showDifferences();
        askNext();
        Q_EMIT changed();
    });
    connect(column, &SideColumn::currentTokenChanged, this, [this, column] {
        // One token is looked at, whichever column it stands in.
        if (column->view()->currentToken() >= 0) {
            m_current = column;
            for (SideColumn *other : m_columns)
                if (other != column) other->view()->setCurrentToken(-1, false);
        }
        Q_EMIT currentTokenChanged();
    });
    return column;
}

void SideBySidePane::setColumns(const std::vector<ComparedColumn> &columns)
{
    stop();
    const int number = std::clamp(static_cast<int>(columns.size()), kMinColumns, kMaxColumns);
    while (std::ssize(m_columns) > number) remove(m_columns.back());
    while (std::ssize(m_columns) < number) makeColumn();
    for (size_t i = 0; i < m_columns.size(); ++i)
        m_columns[i]->setValue(i < columns.size() ? columns[i] : ComparedColumn{});
    nameColumns();
    showDifferences();
    Q_EMIT changed();
}

std::vector<ComparedColumn> SideBySidePane::columns() const
{
    std::vector<ComparedColumn> columns;
    for (const SideColumn *column : m_columns) columns.push_back(column->value());
    return columns;
}

void SideBySidePane::addColumn()
{
    if (std::ssize(m_columns) >= kMaxColumns) return;
    const ComparedColumn last = m_columns.empty() ? ComparedColumn{} : m_columns.back()->value();
    makeColumn()->setValue({last.model, last.sampling, nullptr});
    nameColumns();
    showDifferences();
    Q_EMIT changed();
}

void SideBySidePane::remove(SideColumn *column)
{
    if (std::ssize(m_columns) <= kMinColumns) return;
    const bool wasRunning = column->isRunning();
    std::erase(m_waiting, column);
    std::erase(m_columns, column);
    column->disconnect(this);
    column->stop();
    if (m_current == column) m_current = m_columns.front();
    column->hide();
    column->deleteLater();
    nameColumns();
    showDifferences();
    if (wasRunning) askNext();
    Q_EMIT currentTokenChanged();
    Q_EMIT changed();
}

void SideBySidePane::nameColumns()
{
    for (size_t i = 0; i < m_columns.size(); ++i) {
        m_columns[i]->setName(QString(QChar(static_cast<char16_t>(u'A' + i))));
        m_columns[i]->setRemovable(std::ssize(m_columns) > kMinColumns);
    }
    const bool isFull = std::ssize(m_columns) >= kMaxColumns;
    m_add->setEnabled(!isFull);
    m_add->setToolTip(isFull ? tr("Three columns are the most") : tr("Add a column"));
}

void SideBySidePane::setCommon(const SamplingSettings &common)
{
    m_common = common;
    for (SideColumn *column : m_columns) column->setCommon(common);
}

void SideBySidePane::setColored(bool isColored)
{
    m_isColored = isColored;
    for (SideColumn *column : m_columns) column->setColored(isColored);
}

bool SideBySidePane::isRunning() const
{
    return !m_waiting.empty() || std::any_of(m_columns.begin(), m_columns.end(),
                                             [](const SideColumn *column) { return column->isRunning(); });
}

bool SideBySidePane::canGenerate() const
{
    return !m_columns.empty() && std::all_of(m_columns.begin(), m_columns.end(), [](const SideColumn *column) {
        return !column->chooser()->model().isEmpty();
    });
}

bool SideBySidePane::hasAnswers() const
{
    return std::any_of(m_columns.begin(), m_columns.end(),
                       [](const SideColumn *column) { return column->version() != nullptr; });
}

int SideBySidePane::currentNumber() const
{
    return static_cast<int>(std::find(m_columns.begin(), m_columns.end(), m_current) - m_columns.begin()) + 1;
}

void SideBySidePane::generate(const std::string &prompt)
{
    if (!canGenerate() || isRunning()) return;
    m_prompt = prompt;
    for (SideColumn *column : m_columns) column->wait();
    m_waiting = m_columns;
    showDifferences();
    askNext();
    Q_EMIT changed();
}

void SideBySidePane::askNext()
{
    if (m_waiting.empty()) return;
    SideColumn *next = m_waiting.front();
    m_waiting.erase(m_waiting.begin());
    next->ask(m_prompt); // without an engine it has ended already, and asked the next one
}

void SideBySidePane::stop()
{
    m_waiting.clear();
    for (SideColumn *column : m_columns) column->stop();
}

void SideBySidePane::showDifferences()
{
    m_differences.stop();
    std::vector<ComparedTokens> answers;
    std::vector<SideColumn *> asked;
    for (SideColumn *column : m_columns) {
        const VersionPtr &version = column->version();
        if (!version || version->error) {
            column->showDifference({}, {});
            continue;
        }
        answers.push_back({&version->tokens, !version->isRunning});
        asked.push_back(column);
    }
    const std::vector<TokenDifference> differences = tokenDifferences(answers);
    const bool areDone = asked.size() > 1 && std::all_of(answers.begin(), answers.end(),
                                                         [](const ComparedTokens &answer) { return answer.hasEnded; });
    const bool isSame = areDone && std::all_of(differences.begin(), differences.end(),
                                               [](const TokenDifference &one) { return one.firstOwn < 0; });
    for (size_t i = 0; i < asked.size(); ++i)
        asked[i]->showDifference(asked.size() > 1 ? differences[i] : TokenDifference{},
                                 isSame    ? tr("Says the same as the others.")
                                 : areDone ? tr("Ends where the others go on.")
                                           : QString());
}

QString SideBySidePane::statusText() const
{
    for (size_t i = 0; i < m_columns.size(); ++i)
        if (m_columns[i]->isRunning())
            return tr("Column %1 of %2 is being asked.").arg(i + 1).arg(m_columns.size());
    return hasAnswers() ? tr("Strong ground: the first token that differs. Grey: what all say.")
                        : tr("Generate asks each column the same, with the same seed.");
}

QString SideBySidePane::table() const
{
    QString text = csvLine({u"column"_s, u"model"_s, u"token"_s, u"id"_s, u"text"_s, u"probability"_s, u"entropy_nats"_s,
                            u"shared"_s});
    for (const SideColumn *column : m_columns) {
        if (!column->version()) continue;
        int number = 0;
        for (const GeneratedToken &token : column->version()->tokens) {
            const bool isShared = number < column->difference().numShared;
            text += csvLine({column->name(), loadedModel(*column->version()), QString::number(number++),
                             QString::number(token.id), visibleTokenText(token.bytes, token.id),
                             csvNumber(token.probability), csvNumber(token.entropy), isShared ? u"1"_s : u"0"_s});
        }
    }
    return text;
}

} // namespace orrery::ui
