// Package deploy holds what runs a fleet: an image, Compose, a Helm chart, alerts and a dashboard. Its tests compare those
// with the code; scripts/deploy.sh has them read by the tools that they are for. It has no code of its own.
package deploy
