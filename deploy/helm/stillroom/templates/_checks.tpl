{{/* Seconds, rounded up, of a time such as 90, 1.5s or 1m30s. */}}
{{- define "stillroom.seconds" -}}
{{- $total := 0.0 -}}
{{- if regexMatch "^[0-9.]+$" . -}}
{{- $total = float64 . -}}
{{- else -}}
{{- $units := dict "ms" 0.001 "s" 1.0 "m" 60.0 "h" 3600.0 "d" 86400.0 -}}
{{- range regexFindAll "[0-9.]+[a-z]+" . -1 -}}
{{- $total = addf $total (mulf (float64 (regexFind "^[0-9.]+" .)) (get $units (regexFind "[a-z]+$" .))) -}}
{{- end -}}
{{- end -}}
{{- ceil $total -}}
{{- end -}}

{{/* Bytes of a size such as 20Gi, as Kubernetes has it, or 18GiB, as the server has it. */}}
{{- define "stillroom.bytes" -}}
{{- $factors := dict "" 1.0 "k" 1e3 "K" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 "Pi" 1125899906842624.0 -}}
{{- mulf (float64 (regexFind "^[0-9.]+" .)) (get $factors (regexFind "[A-Za-z]*$" . | trimSuffix "B")) -}}
{{- end -}}

{{/* A pod that ends is left the time that it may take. */}}
{{- define "stillroom.checkGrace" -}}
{{- $settings := include "stillroom.settings" . | fromJson -}}
{{- $secrets := include "stillroom.secrets" . | fromJson -}}
{{- $parts := list (printf "preStopSeconds (%d)" (int .Values.preStopSeconds)) -}}
{{- $want := int .Values.preStopSeconds -}}
{{- $stop := include "stillroom.seconds" (default "20s" $settings.STILLROOM_GRACEFUL_STOP_TIMEOUT) | int -}}
{{- $want = add $want $stop -}}
{{- $parts = append $parts (printf "STILLROOM_GRACEFUL_STOP_TIMEOUT (%d)" $stop) -}}
{{- if $settings.STILLROOM_CACHE_USE -}}
{{- $drain := include "stillroom.seconds" (default "10s" $settings.STILLROOM_CACHE_OBJECT_DRAIN_TIMEOUT) | int -}}
{{- $want = add $want $drain 5 -}}
{{- $parts = append $parts (printf "STILLROOM_CACHE_OBJECT_DRAIN_TIMEOUT (%d), purges in the bucket (5)" $drain) -}}
{{- end -}}
{{- if or $settings.STILLROOM_VALKEY_URL $secrets.STILLROOM_VALKEY_URL -}}
{{- $want = add $want 5 -}}
{{- $parts = append $parts "purges at Valkey (5)" -}}
{{- end -}}
{{- if lt (int .Values.terminationGracePeriodSeconds) (int $want) -}}
{{- fail (printf "terminationGracePeriodSeconds: want at least %d, which is %s; got %d" $want (join ", " $parts) (int .Values.terminationGracePeriodSeconds)) -}}
{{- end -}}
{{- end -}}

{{/* Purges lie beside the entries, so what fills the volume keeps them from outliving the node. */}}
{{- define "stillroom.checkDisk" -}}
{{- if and .Values.disk.enabled (ge (include "stillroom.bytes" .Values.disk.cacheSize | float64) (include "stillroom.bytes" .Values.disk.size | float64)) -}}
{{- fail (printf "disk.cacheSize: want less than disk.size, which is %s, got %s" .Values.disk.size .Values.disk.cacheSize) -}}
{{- end -}}
{{- end -}}
