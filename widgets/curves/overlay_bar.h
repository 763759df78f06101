// SPDX-License-Identifier: GPL-3.0-or-later
// The row above the charts while several runs are drawn: which loss, along which axis, grouped by what, with which
// band, and a note on what is not drawn. GUI thread only.
#pragma once

#include "widgets/curves/group_statistics.h"
#include "widgets/curves/run_specs.h"
#include "widgets/curves/shown_series.h"

#include <QWidget>

class QHBoxLayout;
class QToolButton;

namespace orrery::ui {

class ElidedComboBox;
class ElidedLabel;
class SegmentedChoice;

/// By all settings that differ but the seed: the mean and band over seeds.
inline constexpr const char *kGroupByAll = "*";

class OverlayBar : public QWidget {
    Q_OBJECT
public:
    explicit OverlayBar(QWidget *parent = nullptr);

    [[nodiscard]] bool showsValidation() const;
    void setShowsValidation(bool isShown);
    void setXMode(XMode mode);
    void setLogX(bool isLogarithmic);
    /// What can be chosen; a key that is chosen stays, also before it is known.
    void setKeys(const QList<SpecKey> &keys);
    /// Empty: not grouped; kGroupByAll; else the key of a setting.
    [[nodiscard]] QString groupBy() const { return m_groupBy; }
    void setGroupBy(const QString &key);
    /// "Learning rate"; empty when not grouped.
    [[nodiscard]] QString groupLabel() const;
    [[nodiscard]] BandKind band() const;
    void setBand(BandKind band);
    void setNote(const QString &text);
    [[nodiscard]] QString note() const;

    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void resizeEvent(QResizeEvent *event) override;

Q_SIGNALS:
    void changed(); ///< loss, grouping or band, by a person
    void xModeChosen(orrery::ui::XMode mode);
    void logXChosen(bool isLogarithmic);
    void clearChosen(); ///< draw the selected run alone

private:
    void fillKeys();
    /// In one row where there is room, else in two.
    void arrange();
    [[nodiscard]] int rowWidth(const QList<QWidget *> &widgets) const;

    SegmentedChoice *m_loss, *m_xMode;
    QToolButton *m_logX, *m_clear;
    ElidedComboBox *m_group, *m_band;
    ElidedLabel *m_note;
    QList<SpecKey> m_keys;
    QString m_groupBy;
    QHBoxLayout *m_first, *m_second;
    int m_numRows = 0;
};

/// As a link writes it: "step", "time", "tokens", "clock"; "range", "deviation", "interval".
QString xModeWord(XMode mode);
XMode xModeOf(const QString &word); ///< Step for what it does not know
QString bandWord(BandKind band);
BandKind bandOf(const QString &word); ///< Extremes for what it does not know

} // namespace orrery::ui
