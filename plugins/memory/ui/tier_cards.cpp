// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/tier_cards.h"

#include "plugins/memory/ui/memory_text.h"
#include "widgets/common/number_text.h"
#include "widgets/common/quiet_button.h"
#include "widgets/common/run_spec_json.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QCoreApplication>
#include <QEvent>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QPainter>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;
using orrery::ui::integerText;

namespace orrery::memory_ui {
namespace {

constexpr int kCharactersOfCard = 28;

QString tr(const char *text) { return QCoreApplication::translate("MemoryTiers", text); }
QString offText() { return tr("off"); }
QString cardName(const QString &title, const QString &value)
{
    return tr("%1: %2").arg(title, value == ui::unknownText() ? tr("not known") : value);
}

int64_t numberIn(const QJsonObject &object, const QString &key, int64_t usual)
{
    const QJsonValue value = object.value(key);
    return value.isDouble() ? value.toInteger(usual) : usual;
}

} // namespace

Tiers tiersOfSpec(const QString &specJson)
{
    Tiers tiers;
    const Result<QString> text = ui::specTextOfRun(specJson);
    if (!text.ok()) return tiers;
    const QJsonObject spec = QJsonDocument::fromJson(text->toUtf8()).object();
    const QJsonObject model = spec.value(u"model"_s).toObject(),
                      plugins = spec.value(u"plugins"_s).toObject();
    const QJsonObject memory = plugins.value(u"memory"_s).toObject();
    if (model.isEmpty()) return tiers;
    tiers.isKnown = true;
    tiers.context = numberIn(model, u"context"_s, -1);
    tiers.window = numberIn(model, u"window"_s, 0);
    bool isUsed = false;
    for (const QJsonValue &one : plugins.value(u"use"_s).toArray())
        isUsed |= one.toString().section(u'@', 0, 0) == u"memory";
    const auto size = [&](const QString &key) { return isUsed ? numberIn(memory, key, 0) : 0; };
    tiers.registers = size(u"registers"_s);
    tiers.registerSegment = size(u"register_segment"_s);
    tiers.episodicSize = size(u"episodic_size"_s);
    tiers.semanticSize = size(u"semantic_size"_s);
    tiers.semanticHeads = isUsed ? numberIn(memory, u"semantic_heads"_s, -1) : -1;
    tiers.semanticTopK = isUsed ? numberIn(memory, u"semantic_top_k"_s, -1) : -1;
    return tiers;
}

QString workingText(const Tiers &tiers)
{
    if (!tiers.isKnown) return ui::unknownText();
    const QString window = tiers.window > 0 ? tr("window of %1 tokens").arg(integerText(tiers.window))
                           : tiers.context > 0
                               ? tr("all %1 tokens of the context").arg(integerText(tiers.context))
                               : tr("the whole context");
    return tiers.registers > 0 ? tr("%1, %2 registers").arg(window, integerText(tiers.registers))
                               : tr("%1, registers off").arg(window);
}

QString episodicText(const Tiers &tiers, const std::optional<MemoryStatus> &status)
{
    if (status)
        return status->capacity > 0 ? tr("%1 of %2 slots, %3")
                                          .arg(integerText(status->numUsed), integerText(status->capacity),
                                               ui::percentText(100.0 * static_cast<double>(status->numUsed) /
                                                               static_cast<double>(status->capacity)))
                                    : offText();
    if (!tiers.isKnown) return ui::unknownText();
    return tiers.episodicSize > 0 ? tr("%1 slots").arg(integerText(tiers.episodicSize)) : offText();
}

QString semanticText(const Tiers &tiers, const SemanticUse &use)
{
    if (!tiers.isKnown) return ui::unknownText();
    if (tiers.semanticSize <= 0) return offText();
    const QString size = tr("%1 slots").arg(integerText(tiers.semanticSize));
    QString text = size;
    if (tiers.semanticHeads > 0 && tiers.semanticTopK > 0)
        text = tr("%1, %2 × %3 read a token")
                   .arg(size, integerText(tiers.semanticHeads), integerText(tiers.semanticTopK));
    if (!std::isfinite(use.used) || !std::isfinite(use.everUsed)) return text;
    return tr("%1 · %2 read by a step, %3 so far")
        .arg(text, ui::percentText(100 * use.used), ui::percentText(100 * use.everUsed));
}

/// Title and value; both on one line where it is low.
class TierCard : public QFrame {
public:
    TierCard(const QString &name, const QString &title, const QString &meaning, QWidget *parent)
        : QFrame(parent), m_title(new ui::ToneLabel(title, ui::Tone::Secondary, ui::TypeSize::Small, this)),
          m_value(new ui::ElidedLabel(ui::unknownText(), ui::Tone::Text, ui::TypeSize::Base, this))
    {
        setObjectName(name);
        setToolTip(meaning);
        setAccessibleDescription(meaning);
        m_value->setObjectName(name + u"Value"_s);
        m_titleRow->setSpacing(ui::space::kHalf);
        m_titleRow->addWidget(m_title, 1);
        auto *layout = new QVBoxLayout(this);
        layout->setContentsMargins(ui::space::kOne, ui::space::kHalf, ui::space::kOne, ui::space::kHalf);
        layout->setSpacing(0);
        layout->addLayout(m_titleRow);
        layout->addWidget(m_value);
    }
    /// As a button behind the title.
    void setAction(QAction *action)
    {
        m_button = new ui::QuietButton(this);
        m_button->setObjectName(objectName() + u"Action"_s);
        m_button->setDefaultAction(action);
        m_button->setToolButtonStyle(Qt::ToolButtonTextOnly);
        m_button->setStyleSheet(u"QToolButton { padding: 0 4px; }"_s); // no higher than the title beside it
        m_button->setAccessibleName(action->text());
        m_button->setVisible(!m_isLow);
        m_titleRow->addWidget(m_button);
    }
    void setValue(const QString &text)
    {
        m_value->setFullText(text);
        const bool isOff = text == offText() || text == ui::unknownText();
        m_value->setTone(isOff ? ui::Tone::Secondary : ui::Tone::Text);
        setAccessibleName(cardName(m_title->text(), text));
    }
    void setLow(bool isLow)
    {
        m_isLow = isLow;
        static_cast<QBoxLayout *>(layout())->setDirection(isLow ? QBoxLayout::LeftToRight
                                                                : QBoxLayout::TopToBottom);
        layout()->setSpacing(isLow ? ui::space::kOne : 0);
        m_title->setMinimumWidth(isLow ? QFontMetrics(m_title->font()).averageCharWidth() * 11 : 0);
        static_cast<QBoxLayout *>(layout())->setStretch(1, 1);
        if (m_button) m_button->setVisible(!isLow); // the panel's menu has it, too
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        const ui::ThemeTokens &tokens = ui::Theme::instance().tokens();
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(tokens.border, 1));
        painter.setBrush(tokens.window);
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    }

private:
    ui::ToneLabel *m_title;
    ui::ElidedLabel *m_value;
    QHBoxLayout *m_titleRow = new QHBoxLayout; ///< of the card's layout
    QToolButton *m_button = nullptr;
    bool m_isLow = false;
};

TierCards::TierCards(QWidget *parent)
    : QWidget(parent), m_layout(new QGridLayout(this)),
      m_working(new TierCard(
          u"tierWorking"_s, tr("Working"),
          tr("What each token sees directly, and the vectors that carry the text from segment to segment"),
          this)),
      m_episodic(new TierCard(u"tierEpisodic"_s, tr("Episodic"),
                              tr("Tokens of the text that are remembered beyond the window"), this)),
      m_semantic(new TierCard(u"tierSemantic"_s, tr("Semantic"),
                              tr("Values that the weights hold and each token looks a few of up; of a training, how many of them its "
                                 "newest step has read, and how many any has since it was started or resumed"),
                              this))
{
    setObjectName(u"tierCards"_s);
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(ui::space::kHalf);
    arrange();
    setTiers({}, {});
    connect(&ui::Theme::instance(), &ui::Theme::changed, this, &TierCards::arrange);
}

void TierCards::setTiers(const Tiers &tiers, const std::optional<MemoryStatus> &status, const SemanticUse &use)
{
    m_working->setValue(workingText(tiers));
    m_episodic->setValue(episodicText(tiers, status));
    m_semantic->setValue(semanticText(tiers, use));
}

void TierCards::setSemanticAction(QAction *action) { m_semantic->setAction(action); }

void TierCards::arrange()
{
    const int widthOfCard =
        kCharactersOfCard * QFontMetrics(ui::typeFont(ui::TypeSize::Base)).averageCharWidth();
    const int numColumns = width() >= 3 * widthOfCard ? 3 : 1;
    if (numColumns == m_numColumns) return;
    m_numColumns = numColumns;
    int i = 0;
    for (TierCard *card : {m_working, m_episodic, m_semantic}) {
        m_layout->addWidget(card, i / numColumns, i % numColumns);
        m_layout->setColumnStretch(i, i < numColumns ? 1 : 0);
        card->setLow(numColumns == 1);
        ++i;
    }
}

void TierCards::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    arrange();
}

void TierCards::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange) arrange();
}

OccupancyBar::OccupancyBar(QWidget *parent) : QWidget(parent)
{
    setObjectName(u"occupancyBar"_s);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setStatus({});
    connect(&ui::Theme::instance(), &ui::Theme::changed, this, qOverload<>(&QWidget::update));
}

void OccupancyBar::setStatus(const MemoryStatus &status)
{
    m_status = status;
    setAccessibleName(tr("Occupancy of the episodic memory"));
    setAccessibleDescription(summary());
    setToolTip(summary());
    update();
}

QString OccupancyBar::summary() const
{
    return occupancyText(m_status) + u". "_s + countsText(m_status) + u'.';
}

QRectF OccupancyBar::barArea() const { return QRectF(0, 1, width(), height() - 2); }

void OccupancyBar::paintEvent(QPaintEvent *)
{
    const ui::ThemeTokens &tokens = ui::Theme::instance().tokens();
    QPainter painter(this);
    const QRectF area = barArea();
    painter.fillRect(area, tokens.grid);
    painter.setPen(QPen(tokens.border, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5));
    if (m_status.capacity <= 0) return;
    const auto widthOf = [&](int64_t slots) {
        return std::clamp(static_cast<double>(slots) / static_cast<double>(m_status.capacity), 0.0, 1.0) *
               area.width();
    };
    painter.fillRect(QRectF(area.left(), area.top(), widthOf(m_status.numUsed), area.height()),
                     tokens.accent);
    // Pinned slots are hatched, so that they are told apart without colour.
    const QRectF pinned(area.left(), area.top(), widthOf(m_status.numPinned), area.height());
    painter.fillRect(pinned, tokens.text);
    painter.fillRect(pinned, QBrush(tokens.accent, Qt::BDiagPattern));
}

} // namespace orrery::memory_ui
