// SPDX-License-Identifier: GPL-3.0-or-later
// Names and colours of the runs or groups that are drawn, in lines that wrap. A click (or Space) chooses one: the
// others are dimmed until it is chosen again, or Esc. GUI thread only.
#pragma once

#include <QColor>
#include <QListView>
#include <QSet>
#include <QString>

#include <vector>

class QStandardItemModel;

namespace orrery::ui {

struct LegendEntry {
    QString id;   ///< of the run, or what names the group
    QString text;
    QString toolTip;
    QColor color;
    Qt::PenStyle penStyle = Qt::SolidLine;
    bool operator==(const LegendEntry &) const = default;
};

class RunLegend : public QListView {
    Q_OBJECT
public:
    explicit RunLegend(QWidget *parent = nullptr);
    void setEntries(const std::vector<LegendEntry> &entries);
    [[nodiscard]] const std::vector<LegendEntry> &entries() const { return m_entries; }
    /// Empty: all are drawn alike. Ids that are not listed stay, for runs that come back.
    void setChosen(const QSet<QString> &ids);
    [[nodiscard]] const QSet<QString> &chosen() const { return m_chosen; }
    /// Whether others were chosen.
    [[nodiscard]] bool isDimmed(const QString &id) const;

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    void chosenChanged();

protected:
    void keyPressEvent(QKeyEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    void toggle(const QString &id);
    void updateItems();
    void updateHeight();
    [[nodiscard]] int lineHeight() const;

    QStandardItemModel *m_model;
    std::vector<LegendEntry> m_entries;
    QSet<QString> m_chosen;
};

} // namespace orrery::ui
